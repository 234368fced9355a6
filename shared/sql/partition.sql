-- Tables of one partition's store, beside eventsourcing's events and tracking tables. {p} is p<n>.
-- What decides an order is compared by bytes: Python, which goes on from here, compares so, and a replay must.
CREATE TABLE IF NOT EXISTS {schema}.{p}_states (
    stream text COLLATE "C" PRIMARY KEY,
    version bigint NOT NULL,
    state bytea NOT NULL,
    line text,
    rank double precision
) WITH (fillfactor = 70);
-- A state is written whole at each change. Left to itself, PostgreSQL would first compress all beyond 2 kB, which takes
-- longer than to write it.
ALTER TABLE {schema}.{p}_states SET (toast_tuple_target = 8160);
CREATE INDEX IF NOT EXISTS {p}_states_line ON {schema}.{p}_states (line, rank DESC, stream) WHERE line IS NOT NULL;

CREATE TABLE IF NOT EXISTS {schema}.{p}_inbox (id text PRIMARY KEY);

CREATE TABLE IF NOT EXISTS {schema}.{p}_deadlines (
    stream text COLLATE "C" NOT NULL,
    name text COLLATE "C" NOT NULL,
    community text NOT NULL,
    due timestamptz NOT NULL,
    armed_at timestamptz NOT NULL,
    PRIMARY KEY (stream, name)
) WITH (fillfactor = 70);
CREATE INDEX IF NOT EXISTS {p}_deadlines_due ON {schema}.{p}_deadlines (due, stream, name);
