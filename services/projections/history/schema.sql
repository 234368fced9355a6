-- The policy in force in each community: the adoption with the highest sequence in MEMBER_EVENTS.
CREATE TABLE communities (
    community text PRIMARY KEY,
    organisation text NOT NULL,
    policy_version text NOT NULL,
    policy_seq bigint NOT NULL,
    adopted_at timestamptz NOT NULL,
    responders jsonb NOT NULL,
    playbooks jsonb NOT NULL
);

-- One identity of a person on one platform. Each of name, handle and roles is the newest by (event time, seq).
CREATE TABLE members (
    key text PRIMARY KEY,
    community text NOT NULL,
    platform text NOT NULL,
    member_id text NOT NULL,
    bot boolean NOT NULL,
    name text,
    name_at timestamptz,
    name_seq bigint,
    handle text,
    handle_at timestamptz,
    handle_seq bigint,
    roles jsonb NOT NULL,
    roles_at timestamptz,
    roles_seq bigint,
    first_seen timestamptz NOT NULL,
    last_seen timestamptz NOT NULL,
    events bigint NOT NULL
) WITH (fillfactor = 70);

-- One row per member event. ``key`` stands for (community, source, event); the first arrival wins.
CREATE TABLE history (
    key text PRIMARY KEY,
    seq bigint NOT NULL,
    community text NOT NULL,
    platform text NOT NULL,
    source text NOT NULL,
    event text NOT NULL,
    kind text NOT NULL,
    time timestamptz NOT NULL,
    member_key text NOT NULL,
    conversation text,
    message text,
    reply_to text,
    channel text,
    audience text,
    text text,
    url text,
    edited_at timestamptz,
    deleted_at timestamptz,
    extra jsonb NOT NULL
);

CREATE INDEX history_of_member ON history (member_key, time DESC, key DESC);
CREATE INDEX history_of_conversation ON history (community, conversation, time, key) WHERE conversation IS NOT NULL;
CREATE INDEX history_written ON history (community, source, message) WHERE kind IN ('posted', 'edited');
-- Few rows: every arriving post is looked up here, since its edit or deletion may have come before it.
CREATE INDEX history_rewritten ON history (community, source, message) WHERE kind IN ('edited', 'deleted');
