"""Rebuilding a read model beside the live one, and putting it in its place."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier
from psycopg.types.json import Jsonb

from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.running_servers import Connections
from infra.table_comparison import Difference
from infra.view_folding import ViewFolding, compare_views
from shared.leases import TTL_SECONDS
from shared.partition.folding import UnknownOwnTypeError
from shared.postgres_liveness import lively_conninfo
from shared.stream_identity import StreamSeen, look_at
from shared.view import View, create_view, positions_of, schema_of, shards_of

_SHARDS: Final = Identifier("projections", "shards")
_LETTERS: Final = Identifier("projections", "dead_letters")
_LOCK: Final = 0x72656275  # an advisory lock's number, by view: two rebuilds would use the same schema
_BEAT_SECONDS: Final = 1.0
_DROP_TRIES: Final = 5
_PASSES: Final = 10
_NEARLY: Final = 2_000
"""So few messages are folded in a moment, so that the live view need not stand still for longer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """What a rebuild came to. ``differences`` are those of the view as it was; None where it could not be compared."""

    rows: int
    parked: int
    differences: tuple[Difference, ...] | None


class Rebuild:
    """Rebuilds one view.

    The live copy serves and goes on being folded until the new one has nearly caught up. Then the leases are taken
    over, so that nobody writes the live one any more, the rest is folded, and both change places in one transaction.
    Until then nothing of the live view is touched, whenever it is interrupted.
    """

    def __init__(self, servers: Connections, view: View, progress: Progress) -> None:
        self._servers = servers
        self._connection = servers.postgres
        self._view = view
        self._progress = progress
        self._live = schema_of(view)
        self._fresh = f"rebuild_{view.name}"
        self._old = f"replaced_{view.name}"
        self._owner = f"rebuild:{secrets.token_hex(8)}"
        self._foldings = [
            ViewFolding(servers.client, servers.postgres, shard, self._fresh)
            for shard in shards_of(view, servers.partitions)
        ]
        self._shards = [folding.shard.name for folding in self._foldings]

    async def run(self) -> Rebuilt:
        """Rebuild the view; raises OperatorError when it cannot be done, with the live view as it was."""
        async with self._alone():
            await self._drop(self._fresh)
            await self._drop(self._old)
            # The switch makes all of it durable at once.
            await self._connection.execute("SET synchronous_commit = off")
            await create_view(self._connection, self._view, self._fresh)
            try:
                for _ in range(_PASSES):
                    if await self._fold("folding") < _NEARLY:
                        break
                async with self._leases():
                    await self._fold("catching up")
                    rows, differences = await self._compare()
                    await self._switch()
            except UnknownOwnTypeError as halt:
                raise OperatorError(f"The view {self._view.name} cannot be rebuilt: {halt}") from halt
            finally:
                await self._drop(self._fresh)
            await self._drop(self._old)
        parked = sum(len(folding.parked) for folding in self._foldings)
        return Rebuilt(rows=rows, parked=parked, differences=differences)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[None]:
        cursor = await self._connection.execute(
            "SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_LOCK, self._view.name)
        )
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise OperatorError(
                f"The view {self._view.name} is being rebuilt at this moment. Wait until that has ended."
            )
        try:
            yield
        finally:
            with contextlib.suppress(psycopg.Error):
                await self._connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (_LOCK, self._view.name))

    async def _fold(self, what: str) -> int:
        """Fold to where the live view stands, or to the end of the stream where it cannot be told; return how much."""
        streams = {stream: await look_at(self._servers.client, stream) for stream in self._view.streams}
        count = 0
        for folding in self._foldings:
            live = await self._live_positions(folding.shard.name)
            for spec in folding.shard.inputs:
                until = _target(live, streams[spec.stream])
                self._progress.step(f"{self._view.name}: {what}, {folding.shard.name}, {spec.stream}", until)
                reader = streams[spec.stream].reader
                count += await folding.fold_until(spec, reader, until, reached=self._progress.reach)
        return count

    async def _live_positions(self, shard: str) -> dict[str, int] | None:
        """Return where the live view stands; None when it is damaged or not there."""
        try:
            return await positions_of(self._connection, self._live, shard)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
            return None

    async def _compare(self) -> tuple[int, tuple[Difference, ...] | None]:
        self._progress.step(f"{self._view.name}: comparing with the live view")
        rows, differences = await compare_views(self._connection, self._view, expected=self._fresh, found=self._live)
        same_place = await self._stands_where_live_stands()
        return rows, tuple(differences) if same_place else None

    async def _stands_where_live_stands(self) -> bool:
        for folding in self._foldings:
            live = await self._live_positions(folding.shard.name)
            if live is None or live != await positions_of(self._connection, self._fresh, folding.shard.name):
                return False
        return True

    async def _switch(self) -> None:
        """Put the new copy in the live one's place, with its dead letters, and give the leases back: all or nothing."""
        self._progress.step(f"{self._view.name}: switching")
        async with self._connection.transaction():
            await self._connection.execute("SET LOCAL synchronous_commit = on")
            cursor = await self._connection.execute(
                SQL(
                    "UPDATE {} SET expires_at = clock_timestamp(), halted = NULL "
                    "WHERE shard = ANY(%s) AND owner = %s AND expires_at > clock_timestamp()"
                ).format(_SHARDS),
                (self._shards, self._owner),
            )
            if cursor.rowcount != len(self._shards):
                raise OperatorError(
                    f"The leases of {self._view.name} were lost while it was rebuilt, and the view is as it was. "
                    "Run the command again."
                )
            if await self._exists(self._live):
                await self._rename(self._live, self._old)
            await self._rename(self._fresh, self._live)
            await self._replace_letters()

    async def _replace_letters(self) -> None:
        await self._connection.execute(SQL("DELETE FROM {} WHERE shard = ANY(%s)").format(_LETTERS), (self._shards,))
        for folding in self._foldings:
            for letter in folding.parked:
                await self._connection.execute(
                    SQL(
                        "INSERT INTO {} (shard, stream, seq, subject, headers, body, error, trace_id, tries) "
                        "VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)"
                    ).format(_LETTERS),
                    (
                        folding.shard.name,
                        letter.stream,
                        letter.seq,
                        letter.subject,
                        Jsonb(letter.headers),
                        letter.body,
                        letter.error,
                        letter.trace_id,
                        letter.tries,
                    ),
                )

    @asynccontextmanager
    async def _leases(self) -> AsyncIterator[None]:
        """Hold the leases of all shards of the view, whoever had them, so that nobody else writes it."""
        url = lively_conninfo(self._servers.postgres_url)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
            cursor = await connection.execute(
                SQL(
                    "UPDATE {} SET owner = %s, epoch = epoch + 1, "
                    "expires_at = clock_timestamp() + make_interval(secs => %s) WHERE shard = ANY(%s)"
                ).format(_SHARDS),
                (self._owner, TTL_SECONDS, self._shards),
            )
            if cursor.rowcount != len(self._shards):
                raise OperatorError(f"The shards of {self._view.name} are not provisioned. Run: warmline provision")
            keeping = asyncio.create_task(self._keep_leases(connection))
            try:
                yield
            finally:
                keeping.cancel()
                await asyncio.wait({keeping})
                with contextlib.suppress(psycopg.Error):
                    await connection.execute(
                        SQL("UPDATE {} SET expires_at = clock_timestamp() WHERE owner = %s").format(_SHARDS),
                        (self._owner,),
                    )

    async def _keep_leases(self, connection: psycopg.AsyncConnection[Any]) -> None:
        statement = SQL(
            "UPDATE {} SET expires_at = clock_timestamp() + make_interval(secs => %s) "
            "WHERE owner = %s AND expires_at > clock_timestamp()"
        ).format(_SHARDS)
        while True:
            await asyncio.sleep(_BEAT_SECONDS)
            await connection.execute(statement, (TTL_SECONDS, self._owner))

    async def _exists(self, schema: str) -> bool:
        row = await (await self._connection.execute("SELECT to_regnamespace(%s)", (schema,))).fetchone()
        return row is not None and row[0] is not None

    async def _rename(self, schema: str, to: str) -> None:
        await self._connection.execute(SQL("ALTER SCHEMA {} RENAME TO {}").format(Identifier(schema), Identifier(to)))

    async def _drop(self, schema: str) -> None:
        """Drop a copy that nobody uses any more, waiting for a reader that still has it in hand."""
        for left in reversed(range(_DROP_TRIES)):
            try:
                async with self._connection.transaction():
                    await self._connection.execute("SET LOCAL lock_timeout = '2s'")
                    await self._connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
            except psycopg.errors.LockNotAvailable:
                if not left:
                    self._progress.tell(f"{schema} is still being read; the next rebuild drops it.")
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
                return
            else:
                return


def _target(live: dict[str, int] | None, seen: StreamSeen) -> int:
    stream = seen.reader.partition("@")[0]
    if live is None or any(reader.startswith(f"{stream}@") and reader != seen.reader for reader in live):
        return seen.last
    return min(live.get(seen.reader, 0), seen.last)
