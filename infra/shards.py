"""Who owns what: the shards of every service, and whether each is looked after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier, Literal

SERVICES: Final = ("ingest", "triage", "notifier", "projections")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRow:
    """One shard as its service's table has it; ``owned`` by PostgreSQL's clock.

    ``head`` is where its log ends, ``relayed`` how far that was passed on, ``clock`` the stored time of the last
    message that was folded.
    """

    service: str
    shard: str
    owner: str
    epoch: int
    owned: bool
    head: int
    relayed: int
    clock: datetime
    halted: str | None


_ALL: Final = SQL(" UNION ALL ").join(
    SQL(
        "SELECT {} AS service, shard, owner, epoch, expires_at > clock_timestamp() AS owned, head, relayed, clock, "
        "halted FROM {}"
    ).format(Literal(service), Identifier(service, "shards"))
    for service in SERVICES
)


async def all_shards(connection: psycopg.AsyncConnection[Any]) -> list[ShardRow]:
    """Return every shard of every service."""
    cursor = connection.cursor(row_factory=class_row(ShardRow))
    await cursor.execute(_ALL)
    rows = await cursor.fetchall()
    return sorted(rows, key=lambda row: (SERVICES.index(row.service), row.shard))
