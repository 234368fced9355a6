-- One batch of a partition in one statement. {p} is p<n>. Nothing is written unless the fence holds. Arrays are unnested
-- where values are selected: in FROM, each would be laid out as a table of its own first.
WITH fence AS (
    UPDATE {schema}.shards
    SET head = %(new_head)s, commits = commits + 1, clock = greatest(clock, %(clock)s)
    WHERE shard = %(shard)s AND owner = %(owner)s AND epoch = %(epoch)s AND commits = %(commits)s AND head = %(head)s
        AND expires_at > clock_timestamp()
        AND (%(reader)s = '' OR EXISTS (
            SELECT FROM {schema}.{p}_tracking
            WHERE application_name = %(reader)s AND notification_id = %(expected)s))
    RETURNING 1
), moved AS (
    UPDATE {schema}.{p}_tracking SET notification_id = %(position)s
    WHERE application_name = %(reader)s AND EXISTS (SELECT FROM fence)
), recorded AS (
    INSERT INTO {schema}.{p}_events (originator_id, originator_version, topic, state, notification_id)
    SELECT unnest(%(e_id)b::text[]), unnest(%(e_version)b::bigint[]), unnest(%(e_topic)b::text[]),
        unnest(%(e_state)b::bytea[]), generate_series(%(head)s::bigint + 1, %(new_head)s::bigint)
    WHERE EXISTS (SELECT FROM fence)
), current AS (
    INSERT INTO {schema}.{p}_states AS s (stream, version, state, line, rank)
    SELECT unnest(%(s_stream)b::text[]), unnest(%(s_version)b::bigint[]), unnest(%(s_state)b::bytea[]),
        unnest(%(s_line)b::text[]), unnest(%(s_rank)b::double precision[])
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (stream) DO UPDATE
    SET version = excluded.version, state = excluded.state, line = excluded.line, rank = excluded.rank
), known AS (
    INSERT INTO {schema}.{p}_inbox SELECT unnest(%(inbox)b::text[]) WHERE EXISTS (SELECT FROM fence)
), dropped AS (
    DELETE FROM {schema}.{p}_deadlines AS d
    USING unnest(%(x_stream)b::text[], %(x_name)b::text[]) AS x (stream, name)
    WHERE d.stream = x.stream AND d.name = x.name AND EXISTS (SELECT FROM fence)
), due AS (
    INSERT INTO {schema}.{p}_deadlines (stream, name, community, due, armed_at)
    SELECT unnest(%(d_stream)b::text[]), unnest(%(d_name)b::text[]), unnest(%(d_community)b::text[]),
        unnest(%(d_due)b::timestamptz[]), unnest(%(d_armed)b::timestamptz[])
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (stream, name) DO UPDATE SET due = excluded.due, armed_at = excluded.armed_at, community = excluded.community
), parked AS (
    INSERT INTO {schema}.dead_letters (shard, stream, seq, subject, headers, body, error, trace_id, tries)
    SELECT %(shard)s, l.stream, l.seq, l.subject, l.headers::jsonb, l.body, l.error, l.trace, l.tries
    FROM unnest(%(l_stream)b::text[], %(l_seq)b::bigint[], %(l_subject)b::text[], %(l_headers)b::text[],
        %(l_body)b::bytea[], %(l_error)b::text[], %(l_trace)b::text[], %(l_tries)b::integer[])
        AS l (stream, seq, subject, headers, body, error, trace, tries)
    WHERE EXISTS (SELECT FROM fence)
    ON CONFLICT (shard, stream, seq) DO UPDATE
    SET error = excluded.error, tries = excluded.tries, parked_at = excluded.parked_at, outcome = NULL, ended_at = NULL,
        ended_by = NULL
)
SELECT EXISTS (SELECT FROM fence) AS applied
