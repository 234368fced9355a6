-- What came of the round that somebody asked for last: counts, and what was wrong.
ALTER TABLE ingest.polls ADD COLUMN tried jsonb;
