-- When each source was last heard, to within seconds: by it the auditor learns the source's rhythm.
CREATE TABLE ingest.source_activity (
    community text NOT NULL,
    source text NOT NULL,
    heard_at timestamptz NOT NULL,
    PRIMARY KEY (community, source)
) WITH (fillfactor = 50);
