-- The rhythm of each source, as infra/audit/rhythm.py has it; heard_at is ingest's newest word that was taken in.
CREATE TABLE auditor.rhythms (
    community text NOT NULL,
    source text NOT NULL,
    heard_at timestamptz NOT NULL,
    rhythm jsonb NOT NULL,
    PRIMARY KEY (community, source)
);
