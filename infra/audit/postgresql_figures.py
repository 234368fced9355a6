"""What PostgreSQL counts of itself: work done, connections, and what the tables take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg

_MOST_SCHEMAS: Final = 50

_WORK: Final = """
SELECT d.xact_commit, d.xact_rollback, d.tup_inserted, d.tup_updated, d.tup_deleted, d.blks_hit, d.blks_read,
       d.deadlocks, d.temp_bytes, w.wal_bytes::float, w.wal_records, c.num_timed, c.num_requested,
       (SELECT coalesce(sum(fsyncs), 0)::bigint FROM pg_stat_io WHERE object = 'wal'),
       current_setting('max_connections')::int
FROM pg_stat_database AS d, pg_stat_wal AS w, pg_stat_checkpointer AS c WHERE d.datname = current_database()
"""
_CONNECTIONS: Final = """
SELECT coalesce(state, 'starting'), count(*), count(*) FILTER (WHERE wait_event_type = 'Lock'),
       coalesce(extract(epoch FROM clock_timestamp() - min(xact_start)), 0)::float
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' AND pid <> pg_backend_pid()
GROUP BY 1
"""
_SCHEMAS: Final = """
SELECT schemaname, sum(n_dead_tup)::bigint, sum(pg_total_relation_size(relid))::bigint
FROM pg_stat_user_tables GROUP BY 1 ORDER BY 1 LIMIT %s
"""
_SIZE: Final = "SELECT pg_database_size(current_database())"


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """What the tables of a schema, and so of a service or a view, take with their indexes."""

    name: str
    dead_rows: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresqlFigures:
    """Counts since the server's statistics began; ``connections`` by state, as the server names it."""

    commits: int
    rollbacks: int
    inserted: int
    updated: int
    deleted: int
    from_memory: int
    from_disk: int
    deadlocks: int
    temporary_bytes: int
    wal_bytes: float
    wal_records: int
    checkpoints_by_time: int
    checkpoints_requested: int
    wal_syncs: int
    most_connections: int
    connections: Mapping[str, int]
    waiting_for_locks: int
    oldest_transaction_seconds: float
    bytes: int
    schemas: tuple[Schema, ...]


async def postgresql_figures(connection: psycopg.AsyncConnection[Any]) -> PostgresqlFigures:
    """Return what the server says; raises psycopg.Error."""
    cursor = connection.cursor()
    (work,) = await (await cursor.execute(_WORK)).fetchall()
    states = await (await cursor.execute(_CONNECTIONS)).fetchall()
    schemas = await (await cursor.execute(_SCHEMAS, (_MOST_SCHEMAS,))).fetchall()
    ((size,),) = await (await cursor.execute(_SIZE)).fetchall()
    return PostgresqlFigures(
        commits=work[0],
        rollbacks=work[1],
        inserted=work[2],
        updated=work[3],
        deleted=work[4],
        from_memory=work[5],
        from_disk=work[6],
        deadlocks=work[7],
        temporary_bytes=work[8],
        wal_bytes=work[9],
        wal_records=work[10],
        checkpoints_by_time=work[11],
        checkpoints_requested=work[12],
        wal_syncs=work[13],
        most_connections=work[14],
        connections={state: count for state, count, _, _ in states},
        waiting_for_locks=sum(waiting for _, _, waiting, _ in states),
        oldest_transaction_seconds=max((oldest for _, _, _, oldest in states), default=0.0),
        bytes=size,
        schemas=tuple(Schema(name=name, dead_rows=dead, bytes=taken) for name, dead, taken in schemas),
    )
