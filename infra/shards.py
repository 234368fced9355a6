"""Who owns what: the shards of every service, and whether each is looked after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Identifier

from infra.run_file import RunFile

SERVICES: Final = ("ingest", "triage", "notifier", "projections")


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardRow:
    """One shard as its service's table has it; ``owned`` by PostgreSQL's clock."""

    service: str
    shard: str
    owner: str
    epoch: int
    owned: bool
    head: int
    halted: str | None


async def all_shards(connection: psycopg.AsyncConnection[Any]) -> list[ShardRow]:
    """Return every shard of every service."""
    rows: list[ShardRow] = []
    for service in SERVICES:
        cursor = connection.cursor(row_factory=class_row(ShardRow))
        await cursor.execute(
            SQL(
                "SELECT %s AS service, shard, owner, epoch, expires_at > clock_timestamp() AS owned, head, halted "
                "FROM {} ORDER BY shard"
            ).format(Identifier(service, "shards")),
            (service,),
        )
        rows.extend(await cursor.fetchall())
    return rows


async def why_not_owned(run: RunFile) -> str | None:
    """Return None when every shard has a living owner, else which have none."""
    try:
        async with await psycopg.AsyncConnection.connect(
            run.postgres_url, autocommit=True, connect_timeout=2
        ) as connection:
            rows = await all_shards(connection)
    except psycopg.Error as error:
        return f"PostgreSQL does not answer ({type(error).__name__})"
    missing = [f"{row.service}/{row.shard}" for row in rows if not row.owned]
    return f"nobody owns {', '.join(missing)} yet" if missing else None
