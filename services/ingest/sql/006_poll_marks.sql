-- What the platform itself goes by for a collection, such as the version of a list or an event queue.
ALTER TABLE ingest.poll_cursors ADD COLUMN mark text;

-- Since when it is polled: a source may have had a webhook before.
ALTER TABLE ingest.polls ADD COLUMN added_at timestamptz;
UPDATE ingest.polls SET added_at = created_at FROM ingest.sources
WHERE (polls.community, polls.platform, polls.name) = (sources.community, sources.platform, sources.name);
ALTER TABLE ingest.polls ALTER COLUMN added_at SET NOT NULL;
