"""Leases: which process owns which shard. PostgreSQL's clock alone decides when one has expired."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from shared.event_store.recorder import Lease
from shared.event_store.store import FencedError

TTL_SECONDS: Final = 6.0
_BEAT_SECONDS: Final = 1.0

log = structlog.get_logger()

Work = Callable[[Lease], Awaitable[None]]


class LeaseKeeper:
    """Holds this process's fair share of a service's shards and runs ``work`` for each that it owns.

    Shards are spread evenly over the processes that are alive. A process that dies loses its shards after
    ``TTL_SECONDS``; one that stops in order gives them back at once. Work whose lease is lost is cancelled; should it
    not notice in time, the epoch in its lease makes every write of it void.
    """

    def __init__(self, postgres_url: str, schema: str, shards: tuple[str, ...], owner: str, work: Work) -> None:
        self._url = postgres_url
        self._schema = schema
        self._shards = shards
        self._owner = owner
        self._work = work
        self._running: dict[str, tuple[Lease, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Keep leases until cancelled; at the end stop all work and give the leases back."""
        try:
            while True:
                try:
                    async with self._connection() as connection:
                        while True:
                            await self._beat(connection)
                            await asyncio.sleep(_BEAT_SECONDS)
                except psycopg.Error as error:
                    log.warning("leases.unreachable", error=str(error).strip() or type(error).__name__)
                    await asyncio.sleep(_BEAT_SECONDS)
        finally:
            await self._give_back_all()

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[dict[str, Any]]]:
        connection = await psycopg.AsyncConnection.connect(
            self._url, autocommit=True, row_factory=dict_row, connect_timeout=5, options="-c statement_timeout=5000"
        )
        async with connection:
            yield connection

    async def _query(
        self, connection: psycopg.AsyncConnection[dict[str, Any]], text: Any, *parameters: Any
    ) -> list[dict[str, Any]]:
        statement = SQL(text).format(
            shards=Identifier(self._schema, "shards"), workers=Identifier(self._schema, "workers")
        )
        cursor = await connection.execute(statement, parameters)
        return await cursor.fetchall() if cursor.description else []

    async def _beat(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        for shard in [shard for shard, (_, task) in self._running.items() if task.done()]:
            await self._let_go(connection, shard)
        rows = await self._query(
            connection,
            "WITH me AS (INSERT INTO {workers} VALUES (%s, clock_timestamp()) "
            "ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at), "
            "gone AS (DELETE FROM {workers} WHERE seen_at < clock_timestamp() - interval '1 hour' AND owner <> %s) "
            "SELECT count(*) AS others FROM {workers} "
            "WHERE owner <> %s AND seen_at > clock_timestamp() - make_interval(secs => %s)",
            self._owner,
            self._owner,
            self._owner,
            TTL_SECONDS,
        )
        share = math.ceil(len(self._shards) / (rows[0]["others"] + 1))
        await self._renew(connection)
        for shard in sorted(self._running)[share:]:
            await self._let_go(connection, shard)
        if len(self._running) < share:
            await self._acquire(connection, share - len(self._running))

    async def _renew(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        if not self._running:
            return
        held = {lease.shard: lease.epoch for lease, _ in self._running.values()}
        rows = await self._query(
            connection,
            "UPDATE {shards} AS s SET expires_at = clock_timestamp() + make_interval(secs => %s) "
            "FROM unnest(%s::text[], %s::bigint[]) AS h (shard, epoch) "
            "WHERE s.shard = h.shard AND s.epoch = h.epoch AND s.owner = %s "
            "AND s.expires_at > clock_timestamp() RETURNING s.shard",
            TTL_SECONDS,
            list(held),
            list(held.values()),
            self._owner,
        )
        for shard in held.keys() - {row["shard"] for row in rows}:
            log.warning("lease.lost", shard=shard)
            await self._cancel(shard)

    async def _acquire(self, connection: psycopg.AsyncConnection[dict[str, Any]], most: int) -> None:
        rows = await self._query(
            connection,
            "UPDATE {shards} AS s SET owner = %s, epoch = s.epoch + 1, "
            "expires_at = clock_timestamp() + make_interval(secs => %s) "
            "FROM (SELECT shard FROM {shards} WHERE shard = ANY(%s) AND expires_at <= clock_timestamp() "
            "ORDER BY shard LIMIT %s FOR UPDATE SKIP LOCKED) AS free "
            "WHERE s.shard = free.shard RETURNING s.shard, s.epoch",
            self._owner,
            TTL_SECONDS,
            [shard for shard in self._shards if shard not in self._running],
            most,
        )
        for row in rows:
            lease = Lease(shard=row["shard"], owner=self._owner, epoch=row["epoch"])
            log.info("lease.acquired", shard=lease.shard, epoch=lease.epoch)
            task = asyncio.create_task(self._guard(lease), name=f"shard {lease.shard}")
            self._running[lease.shard] = (lease, task)

    async def _guard(self, lease: Lease) -> None:
        try:
            await self._work(lease)
        except FencedError:
            log.warning("lease.fenced", shard=lease.shard, epoch=lease.epoch)
        except Exception:
            # The lease is given back, so that this process or another starts the shard afresh.
            log.exception("shard.failed", shard=lease.shard)

    async def _cancel(self, shard: str) -> Lease:
        lease, task = self._running.pop(shard)
        task.cancel()
        await asyncio.wait({task})  # not awaited itself: its cancellation must not be taken for ours
        return lease

    async def _let_go(self, connection: psycopg.AsyncConnection[dict[str, Any]], shard: str) -> None:
        lease = await self._cancel(shard)
        await self._query(
            connection,
            "UPDATE {shards} SET expires_at = clock_timestamp() WHERE shard = %s AND owner = %s AND epoch = %s",
            lease.shard,
            lease.owner,
            lease.epoch,
        )
        log.info("lease.released", shard=shard)

    async def _give_back_all(self) -> None:
        for _, task in self._running.values():
            task.cancel()
        with contextlib.suppress(psycopg.Error, TimeoutError):
            async with asyncio.timeout(3), self._connection() as connection:
                for shard in list(self._running):
                    await self._let_go(connection, shard)
                await self._query(connection, "DELETE FROM {workers} WHERE owner = %s", self._owner)
