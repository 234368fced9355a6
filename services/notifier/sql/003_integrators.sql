-- How far each integrator has come in TOUCHES. reader names the stream that position is of; log_position is that of
-- triage's log, which outlives the stream.
CREATE TABLE notifier.integrators (
    organisation text NOT NULL,
    name text NOT NULL,
    url text NOT NULL,
    community text NOT NULL,
    reader text NOT NULL,
    position bigint NOT NULL,
    log_position bigint NOT NULL DEFAULT 0,
    tries integer NOT NULL DEFAULT 0,
    failing_since timestamptz,
    due timestamptz,
    last_error text,
    paused_at timestamptz,
    delivered bigint NOT NULL DEFAULT 0,
    delivered_at timestamptz,
    given_up bigint NOT NULL DEFAULT 0,
    given_up_last text,
    PRIMARY KEY (organisation, name)
) WITH (fillfactor = 50);
