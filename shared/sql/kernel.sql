-- Tables that every service has in its own schema, whatever its partitions. {schema} is filled in by the provisioner.
CREATE TABLE IF NOT EXISTS {schema}.shards (
    shard text PRIMARY KEY,
    owner text NOT NULL DEFAULT '',
    epoch bigint NOT NULL DEFAULT 0,
    expires_at timestamptz NOT NULL DEFAULT to_timestamp(0),
    head bigint NOT NULL DEFAULT 0,
    commits bigint NOT NULL DEFAULT 0,
    clock timestamptz NOT NULL DEFAULT to_timestamp(0),
    relayed bigint NOT NULL DEFAULT 0,
    halted text
) WITH (fillfactor = 50);

-- The stream, with its identity, to which "relayed" belongs, and the last sequence there.
ALTER TABLE {schema}.shards
    ADD COLUMN IF NOT EXISTS relayed_in text NOT NULL DEFAULT '',
    ADD COLUMN IF NOT EXISTS relayed_seq bigint NOT NULL DEFAULT 0;

-- What a log had lost when its database was restored from an earlier moment, and took back from what it had published.
-- It has no positions in (lost_after, lost_until]; what it had published from there stands in (lost_until,
-- adopted_until]. Until it is finished, nobody may write the log.
CREATE TABLE IF NOT EXISTS {schema}.adoptions (
    shard text NOT NULL,
    lost_after bigint NOT NULL,
    lost_until bigint NOT NULL,
    adopted_until bigint,
    began_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    finished_at timestamptz,
    PRIMARY KEY (shard, lost_after)
);

-- From where on a log holds more than a fresh fold of the streams can give: some of what it was made of is gone.
CREATE TABLE IF NOT EXISTS {schema}.horizons (
    shard text NOT NULL,
    head bigint NOT NULL,
    at timestamptz NOT NULL DEFAULT clock_timestamp(),
    why text NOT NULL,
    PRIMARY KEY (shard, head)
);

CREATE TABLE IF NOT EXISTS {schema}.workers (
    owner text PRIMARY KEY,
    seen_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS {schema}.dead_letters (
    shard text NOT NULL,
    stream text NOT NULL,
    seq bigint NOT NULL,
    subject text NOT NULL,
    headers jsonb NOT NULL,
    body bytea NOT NULL,
    error text NOT NULL,
    trace_id text,
    tries integer NOT NULL,
    parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (shard, stream, seq)
);
-- What became of a letter; null while it is parked. A letter that was ended stays as a record.
ALTER TABLE {schema}.dead_letters
    ADD COLUMN IF NOT EXISTS outcome text CHECK (outcome IN ('retried', 'dropped', 'rebuilt')),
    ADD COLUMN IF NOT EXISTS ended_at timestamptz,
    ADD COLUMN IF NOT EXISTS ended_by text;
CREATE INDEX IF NOT EXISTS dead_letters_open ON {schema}.dead_letters (parked_at) WHERE outcome IS NULL;
