-- A platform that is asked for what is new. The secret is sealed.
-- polled_at: when the last complete round began. failing_since: since when no round came to its end.
-- stopped_at: the platform refuses the secret, and is left alone until it is given another.
CREATE TABLE ingest.polls (
    community text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    format text NOT NULL,
    settings jsonb NOT NULL,
    secret bytea NOT NULL,
    polled_at timestamptz,
    failing_since timestamptz,
    stopped_at timestamptz,
    not_understood bigint NOT NULL DEFAULT 0,
    not_understood_at timestamptz,
    why text,
    PRIMARY KEY (community, platform, name),
    FOREIGN KEY (community, platform, name) REFERENCES ingest.sources ON DELETE CASCADE
);

-- Until when each collection of a platform was read to its end: all of that time is durable.
CREATE TABLE ingest.poll_cursors (
    community text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    collection text NOT NULL,
    read_until timestamptz NOT NULL,
    PRIMARY KEY (community, platform, name, collection),
    FOREIGN KEY (community, platform, name) REFERENCES ingest.polls ON DELETE CASCADE
);
