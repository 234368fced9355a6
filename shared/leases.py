"""Leases: which process owns which shard. PostgreSQL's clock alone decides when one has expired."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from psycopg.rows import dict_row
from psycopg.sql import SQL, Identifier

from shared.bounded_wait import to_its_end
from shared.crash_points import crash_point
from shared.event_store.errors import FencedError, SkewError
from shared.event_store.recorder import Lease
from shared.postgres_liveness import lively_conninfo

TTL_SECONDS: Final = 6.0
_BEAT_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 2.0
_INSIST_SECONDS: Final = 0.2
_SKEW_SECONDS: Final = 2.0

# In one statement, for each that writes is a write to the disk.
_BEAT: Final = """
WITH me AS (
    INSERT INTO {workers} VALUES (%(owner)s, clock_timestamp())
    ON CONFLICT (owner) DO UPDATE SET seen_at = excluded.seen_at
), gone AS (
    DELETE FROM {workers} WHERE seen_at < clock_timestamp() - interval '1 hour' AND owner <> %(owner)s
), renewed AS (
    UPDATE {shards} AS s SET expires_at = clock_timestamp() + make_interval(secs => %(ttl)s)
    FROM unnest(%(shards)s::text[], %(epochs)s::bigint[]) AS h (shard, epoch)
    WHERE s.shard = h.shard AND s.epoch = h.epoch AND s.owner = %(owner)s AND s.expires_at > clock_timestamp()
    RETURNING s.shard
)
SELECT count(*) FILTER (WHERE owner <> %(owner)s) AS others, count(*) FILTER (WHERE owner < %(owner)s) AS before,
       count(*) FILTER (WHERE owner = %(owner)s) = 0 AS new, ARRAY(SELECT shard FROM renewed) AS renewed
FROM {workers} WHERE seen_at > clock_timestamp() - make_interval(secs => %(ttl)s)
"""

log = structlog.get_logger()

Work = Callable[[Lease], Awaitable[None]]


def _skew_in(error: Exception) -> SkewError | None:
    if isinstance(error, ExceptionGroup):
        skews = [one for one in map(_skew_in, error.exceptions) if one is not None]
        return skews[0] if len(skews) == len(error.exceptions) else None
    return error if isinstance(error, SkewError) else None


class LeaseKeeper:
    """Holds this process's fair share of a service's shards and runs ``work`` for each that it owns.

    Shards are spread evenly over the processes that are alive. A process that dies loses its shards after
    ``TTL_SECONDS``. One that stops in order gives back each as soon as its work has ended, and one that joins is given
    its share likewise: whoever is to have a shard next is told at once, and would else find it at its next beat. Work
    whose lease is lost is cancelled; should it not notice in time, the epoch in its lease makes every write of it void.
    """

    def __init__(self, postgres_url: str, schema: str, shards: tuple[str, ...], owner: str, work: Work) -> None:
        self._url = postgres_url
        self._schema = schema
        self._shards = shards
        self._owner = owner
        self._work = work
        self._channel = f"{schema}_leases"
        self._running: dict[str, tuple[Lease, asyncio.Task[None]]] = {}

    async def run(self) -> None:
        """Keep leases until cancelled; at the end stop all work and give the leases back."""
        try:
            while True:
                try:
                    async with self._connection() as connection:
                        await self._query(connection, "LISTEN {channel}")
                        while True:
                            await self._beat(connection)
                            await self._rest(connection)
                except psycopg.Error as error:
                    log.warning("leases.unreachable", error=str(error).strip() or type(error).__name__)
                    await asyncio.sleep(_BEAT_SECONDS)
        finally:
            await to_its_end(self._give_back_all())

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[psycopg.AsyncConnection[dict[str, Any]]]:
        connection = await psycopg.AsyncConnection.connect(
            lively_conninfo(self._url), autocommit=True, row_factory=dict_row
        )
        async with connection:
            await connection.execute("SET statement_timeout = 5000")
            yield connection

    async def _query(
        self, connection: psycopg.AsyncConnection[dict[str, Any]], text: Any, *parameters: Any, **named: Any
    ) -> list[dict[str, Any]]:
        statement = SQL(text).format(
            shards=Identifier(self._schema, "shards"),
            workers=Identifier(self._schema, "workers"),
            channel=Identifier(self._channel),
        )
        cursor = await connection.execute(statement, named or parameters)
        return await cursor.fetchall() if cursor.description else []

    async def _rest(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        """Wait for the next beat, which comes sooner when another process lets go of something, comes or goes."""
        async for _ in connection.notifies(timeout=_BEAT_SECONDS, stop_after=1):
            pass

    async def _tell(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        await self._query(connection, "SELECT pg_notify(%s, '')", self._channel)

    async def _beat(self, connection: psycopg.AsyncConnection[dict[str, Any]]) -> None:
        await self._let_go(connection, self._end(shard for shard, (_, task) in self._running.items() if task.done()))
        held = {lease.shard: lease.epoch for lease, _ in self._running.values()}
        crash_point("lease.before-renewal")
        beat = await self._query(
            connection, _BEAT, owner=self._owner, ttl=TTL_SECONDS, shards=list(held), epochs=list(held.values())
        )
        others, before, new, renewed = beat[0].values()
        await self._give_up(sorted(held.keys() - set(renewed)))
        if new:
            await self._tell(connection)
        # Who comes first by name takes what is left over, so that nobody stays without.
        share, left_over = divmod(len(self._shards), others + 1)
        share += before < left_over
        await self._let_go(connection, self._end(sorted(self._running)[share:]))
        if len(self._running) < share:
            await self._acquire(connection, share - len(self._running))

    async def _give_up(self, lost: Sequence[str]) -> None:
        if lost:
            log.warning("lease.lost", shards=lost)
            async for _ in self._ended(self._end(lost)):
                pass

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
        except Exception as error:
            # The lease is given back, so that this process or another starts the shard afresh.
            if isinstance(error, ExceptionGroup) and error.split(FencedError)[1] is None:
                log.warning("lease.fenced", shard=lease.shard, epoch=lease.epoch)
            elif (skew := _skew_in(error)) is not None:
                # Nobody can do better at once: the lease is kept until it is looked at again.
                log.critical("shard.skewed", shard=lease.shard, detail=str(skew))
                await asyncio.sleep(_SKEW_SECONDS)
            else:
                log.exception("shard.failed", shard=lease.shard)

    def _end(self, shards: Iterable[str]) -> dict[asyncio.Task[None], Lease]:
        """Have the work of ``shards`` end, and forget it."""
        ending = {}
        for shard in list(shards):
            lease, task = self._running.pop(shard)
            task.cancel()
            ending[task] = lease
        return ending

    async def _ended(self, ending: dict[asyncio.Task[None], Lease]) -> AsyncIterator[list[Lease]]:
        """Yield the leases as their work ends, and after ``_STOP_SECONDS`` the others: what still goes on is fenced.

        No longer than so, lest the leases that are kept run out meanwhile.
        """
        clock = asyncio.get_running_loop().time
        until = clock() + _STOP_SECONDS
        going = set(ending)
        while going and clock() < until:
            done, going = await asyncio.wait(going, timeout=_INSIST_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            if done:
                yield [ending[task] for task in done]
            else:  # one cancellation may not be enough: see bounded_wait.end
                for task in going:
                    task.cancel()
        if going:
            yield [ending[task] for task in going]

    async def _let_go(
        self, connection: psycopg.AsyncConnection[dict[str, Any]], ending: dict[asyncio.Task[None], Lease]
    ) -> None:
        async for leases in self._ended(ending):
            await self._query(
                connection,
                "UPDATE {shards} AS s SET expires_at = clock_timestamp() "
                "FROM unnest(%s::text[], %s::bigint[]) AS h (shard, epoch) "
                "WHERE s.shard = h.shard AND s.epoch = h.epoch AND s.owner = %s",
                [lease.shard for lease in leases],
                [lease.epoch for lease in leases],
                self._owner,
            )
            await self._tell(connection)
            log.info("lease.released", shards=sorted(lease.shard for lease in leases))

    async def _give_back_all(self) -> None:
        ending = self._end(self._running)
        try:
            async with asyncio.timeout(_STOP_SECONDS + 3), self._connection() as connection:
                # First, so that the others know the shards for theirs as each becomes free.
                await self._query(connection, "DELETE FROM {workers} WHERE owner = %s", self._owner)
                await self._let_go(connection, ending)
        except (psycopg.Error, TimeoutError) as error:
            why = str(error).strip() or type(error).__name__
            log.warning("leases.not_given_back", error=why, effect="the others wait until they run out")
