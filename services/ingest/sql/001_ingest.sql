CREATE SCHEMA IF NOT EXISTS ingest;

-- Every adoption of a care policy; the newest of an organisation is in force.
CREATE TABLE ingest.policies (
    organisation text NOT NULL,
    adoption integer NOT NULL CHECK (adoption > 0),
    version text NOT NULL,
    accepts_others boolean NOT NULL,
    policy json NOT NULL,
    adopted_at timestamptz NOT NULL,
    PRIMARY KEY (organisation, adoption)
);

CREATE VIEW ingest.policies_in_force AS
SELECT DISTINCT ON (organisation) organisation, adoption, version, accepts_others, policy, adopted_at
FROM ingest.policies
ORDER BY organisation, adoption DESC;

-- announced: the newest adoption of the organisation that the community has been told of in MEMBER_EVENTS.
CREATE TABLE ingest.communities (
    community text PRIMARY KEY,
    organisation text NOT NULL,
    named boolean NOT NULL,
    announced integer NOT NULL DEFAULT 0
);
CREATE INDEX communities_by_organisation ON ingest.communities (organisation);

CREATE TABLE ingest.sources (
    community text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    token_digest bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (community, platform, name)
);

-- run counts how often the import began; the facts of a run are told apart by it.
CREATE TABLE ingest.imports (
    import_id text PRIMARY KEY,
    community text NOT NULL,
    platform text NOT NULL,
    name text NOT NULL,
    source_name text NOT NULL,
    run integer NOT NULL DEFAULT 1,
    began_at timestamptz NOT NULL,
    began_published boolean NOT NULL DEFAULT false,
    ended_at timestamptz,
    ended_published boolean NOT NULL DEFAULT false,
    UNIQUE (community, platform, name)
);

CREATE TABLE ingest.import_parts (
    import_id text NOT NULL REFERENCES ingest.imports (import_id),
    part text NOT NULL,
    PRIMARY KEY (import_id, part)
);
