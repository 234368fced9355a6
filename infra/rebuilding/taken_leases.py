"""Taking a service's shards over from their owners, so that nobody else writes what is about to be replaced."""

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
from infra.running_servers import Connections
from shared.bounded_wait import end
from shared.leases import TTL_SECONDS
from shared.postgres_liveness import lively_conninfo

_BEAT_SECONDS: Final = 1.0


class TakenLeases:
    """The leases of some shards, held until the end of the context, whoever had them before."""

    def __init__(self, service: str, shards: Sequence[str]) -> None:
        self._table = Identifier(service, "shards")
        self._shards = list(shards)
        self._owner = f"rebuild:{secrets.token_hex(8)}"

    async def give_back(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Give the leases back in the transaction that replaces what they guard.

        Raises OperatorError when they were lost meanwhile: then nothing must be replaced.
        """
        cursor = await connection.execute(
            SQL(
                "UPDATE {} SET expires_at = clock_timestamp(), halted = NULL "
                "WHERE shard = ANY(%s) AND owner = %s AND expires_at > clock_timestamp()"
            ).format(self._table),
            (self._shards, self._owner),
        )
        if cursor.rowcount != len(self._shards):
            raise OperatorError(
                "The leases were lost before the rebuild came to its end, and everything is as it was. Run the command "
                "again."
            )

    async def take(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Take the leases; raises OperatorError when the shards are not provisioned."""
        cursor = await connection.execute(
            SQL(
                "UPDATE {} SET owner = %s, epoch = epoch + 1, "
                "expires_at = clock_timestamp() + make_interval(secs => %s) WHERE shard = ANY(%s)"
            ).format(self._table),
            (self._owner, TTL_SECONDS, self._shards),
        )
        if cursor.rowcount != len(self._shards):
            raise OperatorError("Its shards are not provisioned. Run: warmline provision")

    async def keep(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Renew the leases until cancelled."""
        statement = SQL(
            "UPDATE {} SET expires_at = clock_timestamp() + make_interval(secs => %s) "
            "WHERE owner = %s AND expires_at > clock_timestamp()"
        ).format(self._table)
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            await connection.execute(statement, (TTL_SECONDS, self._owner))

    async def release(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Let go of what was not given back."""
        await connection.execute(
            SQL("UPDATE {} SET expires_at = clock_timestamp() WHERE owner = %s").format(self._table), (self._owner,)
        )


@asynccontextmanager
async def taken_leases(servers: Connections, service: str, shards: Sequence[str]) -> AsyncIterator[TakenLeases]:
    """Hold the leases of ``shards`` until the end, by a connection of its own; raises OperatorError."""
    leases = TakenLeases(service, shards)
    url = lively_conninfo(servers.postgres_url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await leases.take(connection)
        keeping = asyncio.create_task(leases.keep(connection))
        try:
            yield leases
        finally:
            await end(keeping)
            with contextlib.suppress(psycopg.Error):
                await leases.release(connection)
