-- Notices to staff: one for each assignment and target, kept until sent or no longer true.
CREATE TABLE notifier.notice_cursors (
    partition integer PRIMARY KEY,
    position bigint NOT NULL
);

CREATE TABLE notifier.notices (
    partition integer NOT NULL,
    touch text NOT NULL,
    revision bigint NOT NULL,
    organisation text NOT NULL,
    responder text NOT NULL,
    channel text NOT NULL,
    due timestamptz NOT NULL,
    tries integer NOT NULL DEFAULT 0,
    ended_at timestamptz,
    ended_as text,
    last_error text,
    PRIMARY KEY (touch, revision, channel)
);
CREATE INDEX notices_due ON notifier.notices (partition, due) WHERE ended_at IS NULL;
CREATE INDEX notices_ended ON notifier.notices (partition, ended_at) WHERE ended_at IS NOT NULL;
