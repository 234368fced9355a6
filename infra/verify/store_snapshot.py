"""A copy of one partition's store, as it stood at one moment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

_TABLES: Final = ("events", "states", "inbox", "deadlines")


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSnapshot:
    """Where the partition stood; its tables are ``verify.store_events``, ``_states``, ``_inbox``, ``_deadlines``.

    ``positions`` is by stream, and ``parked`` the sequences of its dead letters, by stream. ``taken_at`` is by
    PostgreSQL's clock.
    """

    service: str
    partition: int
    head: int
    positions: dict[str, int]
    parked: dict[str, frozenset[int]]
    taken_at: datetime


async def take_snapshot(connection: psycopg.AsyncConnection[Any], service: str, partition: int) -> StoreSnapshot:
    """Copy the partition's store in one moment's state, in place of the copy before."""
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
            SQL("SELECT stream, array_agg(seq) FROM {} WHERE shard = %s GROUP BY stream").format(
                Identifier(service, "dead_letters")
            ),
            (str(partition),),
        )
        parked = {stream: frozenset(sequences) for stream, sequences in await letters.fetchall()}
    for table in _TABLES:
        await connection.execute(SQL("ANALYZE {}").format(Identifier("verify", f"store_{table}")))
    return StoreSnapshot(
        service=service,
        partition=partition,
        head=row[0],
        positions=positions,
        parked=parked,
        taken_at=row[1],
    )


async def _one(connection: psycopg.AsyncConnection[Any], query: Any, *parameters: Any) -> tuple[Any, ...]:
    row = await (await connection.execute(query, parameters)).fetchone()
    return row or (0, None)
