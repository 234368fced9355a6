"""A copy of one partition's store, as it stood at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.dead_letters.letter import DEADLINE
from infra.event_stores import STORES
from infra.lagging_states import bring_up
from shared.partition.firing import ParkedDeadlines

_TABLES: Final = ("events", "states", "inbox", "deadlines")
_INDEXES: Final = (
    SQL("CREATE UNIQUE INDEX ON verify.store_events (originator_id, originator_version)"),
    SQL("CREATE UNIQUE INDEX ON verify.store_states (stream)"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSnapshot:
    """Where the partition stood; its tables are ``verify.store_events``, ``_states``, ``_inbox``, ``_deadlines``.

    ``positions`` is by stream, and ``parked`` the sequences of its dead letters, by stream: whether they wait, were
    dropped or were retried, at their places they were never folded. ``taken_at`` is by PostgreSQL's clock.
    """

    service: str
    partition: int
    head: int
    positions: dict[str, int]
    parked: dict[str, frozenset[int]]
    parked_deadlines: ParkedDeadlines
    taken_at: datetime


async def take_snapshot(connection: psycopg.AsyncConnection[Any], service: str, partition: int) -> StoreSnapshot:
    """Copy the partition's store in one moment's state, in place of the copy before; no state lags behind its log."""
    async with connection.transaction():
        await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for table in _TABLES:
            copy, live = Identifier("verify", f"store_{table}"), Identifier(service, f"p{partition}_{table}")
            await connection.execute(SQL("DROP TABLE IF EXISTS {}").format(copy))
            await connection.execute(SQL("CREATE UNLOGGED TABLE {} AS TABLE {}").format(copy, live))
        row = await _one(
            connection,
            SQL("SELECT head, clock_timestamp() FROM {} WHERE shard = %s").format(Identifier(service, "shards")),
            str(partition),
        )
        tracking = await connection.execute(
            SQL(
                "SELECT split_part(application_name, '@', 1), notification_id FROM {} WHERE application_name LIKE '%@%'"
            ).format(Identifier(service, f"p{partition}_tracking"))
        )
        positions = dict(await tracking.fetchall())
        letters = await connection.execute(
            SQL(
                "SELECT stream, array_agg(seq) FROM {} WHERE shard = %s AND NOT starts_with(stream, %s) GROUP BY stream"
            ).format(Identifier(service, "dead_letters")),
            (str(partition), DEADLINE),
        )
        parked_deadlines = await _parked_deadlines(connection, service, partition)
        parked = {stream: frozenset(sequences) for stream, sequences in await letters.fetchall()}
    for index in _INDEXES:
        await connection.execute(index)
    for table in _TABLES:
        await connection.execute(SQL("ANALYZE {}").format(Identifier("verify", f"store_{table}")))
    codec = STORES[service].codec()
    await bring_up(connection, codec, states=SQL("verify.store_states"), log=SQL("verify.store_events"))
    return StoreSnapshot(
        service=service,
        partition=partition,
        head=row[0],
        positions=positions,
        parked=parked,
        parked_deadlines=parked_deadlines,
        taken_at=row[1],
    )


async def _parked_deadlines(connection: psycopg.AsyncConnection[Any], service: str, partition: int) -> ParkedDeadlines:
    cursor = await connection.execute(
        SQL(
            "SELECT subject, headers ->> 'name', (headers ->> 'due')::timestamptz, "
            "CASE WHEN outcome = 'retried' THEN ended_at END FROM {} WHERE shard = %s AND starts_with(stream, %s)"
        ).format(Identifier(service, "dead_letters")),
        (str(partition), DEADLINE),
    )
    return {(stream, name, due): again for stream, name, due, again in await cursor.fetchall()}


async def _one(connection: psycopg.AsyncConnection[Any], query: Any, *parameters: Any) -> tuple[Any, ...]:
    row = await (await connection.execute(query, parameters)).fetchone()
    return row or (0, None)
