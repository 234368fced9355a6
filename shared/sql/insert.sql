-- Events, and the position they were made from, by a writer who holds no lease. {p} is p<n>. The shard's row is locked
-- from here to the end of the transaction, so positions have no gap and are visible in their order. While the lease is
-- held there is no row in the answer, and nothing is written.
WITH fence AS (
    UPDATE {schema}.shards SET head = head + %(count)s, commits = commits + 1
    WHERE shard = %(shard)s AND expires_at <= clock_timestamp()
    RETURNING head - %(count)s AS before
), tracked AS (
    INSERT INTO {schema}.{p}_tracking AS t SELECT %(reader)s, %(position)s FROM fence WHERE %(reader)s <> ''
    ON CONFLICT (application_name) DO UPDATE SET notification_id = excluded.notification_id
    WHERE t.notification_id < excluded.notification_id
    RETURNING 1
), recorded AS (
    INSERT INTO {schema}.{p}_events (originator_id, originator_version, topic, state, notification_id)
    SELECT e.id, e.version, e.topic, e.state, fence.before + e.n
    FROM fence, unnest(%(e_id)b::text[], %(e_version)b::bigint[], %(e_topic)b::text[], %(e_state)b::bytea[])
        WITH ORDINALITY AS e (id, version, topic, state, n)
)
SELECT before, EXISTS (SELECT FROM tracked) AS tracked FROM fence
