-- Set while the events of a source are not taken.
ALTER TABLE ingest.sources ADD COLUMN paused_at timestamptz;

-- How a platform's webhook is verified and read. The secrets are sealed; two hold while one is being replaced.
CREATE TABLE ingest.hooks (
    community text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    format text NOT NULL,
    settings jsonb NOT NULL,
    secret bytea NOT NULL,
    earlier_secret bytea,
    PRIMARY KEY (community, platform, name),
    FOREIGN KEY (community, platform, name) REFERENCES ingest.sources ON DELETE CASCADE
);

-- What a webhook brought that came to nothing: no text of it, only what was wrong with it last.
CREATE TABLE ingest.hook_troubles (
    community text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    not_understood bigint NOT NULL DEFAULT 0,
    not_understood_at timestamptz,
    why text,
    unverified bigint NOT NULL DEFAULT 0,
    unverified_at timestamptz,
    PRIMARY KEY (community, platform, name),
    FOREIGN KEY (community, platform, name) REFERENCES ingest.hooks ON DELETE CASCADE
);
