"""The leases of shards, taken over from whoever has them, for work that nobody else may do meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.operator_error import OperatorError
from shared.bounded_wait import end
from shared.event_store.recorder import Lease
from shared.leases import TTL_SECONDS
from shared.postgres_liveness import lively_conninfo

_BEAT_SECONDS: Final = 1.0


@asynccontextmanager
async def shards_held(postgres_url: str, schema: str, shards: Sequence[str]) -> AsyncIterator[dict[str, Lease]]:
    """Own ``shards`` of a service until the end: what its processes write meanwhile is void.

    Raises OperatorError when they are not provisioned.
    """
    owner = f"reconcile:{secrets.token_hex(8)}"
    table = Identifier(schema, "shards")
    url = lively_conninfo(postgres_url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        cursor = await connection.execute(
            SQL(
                "UPDATE {} SET owner = %s, epoch = epoch + 1, "
                "expires_at = clock_timestamp() + make_interval(secs => %s) WHERE shard = ANY(%s) "
                "RETURNING shard, epoch"
            ).format(table),
            (owner, TTL_SECONDS, list(shards)),
        )
        leases = {shard: Lease(shard=shard, owner=owner, epoch=epoch) for shard, epoch in await cursor.fetchall()}
        if len(leases) != len(shards):
            raise OperatorError(f"Shards of {schema} are not provisioned. Run: warmline provision")
        keeping = asyncio.create_task(_keep(connection, table, owner))
        try:
            yield leases
        finally:
            await end(keeping)
            with contextlib.suppress(psycopg.Error):
                await connection.execute(
                    SQL("UPDATE {} SET expires_at = clock_timestamp() WHERE owner = %s").format(table), (owner,)
                )


async def _keep(connection: psycopg.AsyncConnection[Any], table: Identifier, owner: str) -> None:
    statement = SQL(
        "UPDATE {} SET expires_at = clock_timestamp() + make_interval(secs => %s) "
        "WHERE owner = %s AND expires_at > clock_timestamp()"
    ).format(table)
    while True:
        await asyncio.sleep(_BEAT_SECONDS)
        await connection.execute(statement, (TTL_SECONDS, owner))
