"""Folding one partition's states and deadlines from its log into tables beside the live ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from infra.event_stores import STORES
from infra.log_folding import FoldedStream, folded, streams_of_log
from infra.operator_error import OperatorError
from shared.event_store.codec import UnknownStoredTypeError
from shared.event_store.stored import EPOCH


class StateFolding:
    """Folds the log of a service's partition into the schema ``fresh``; ``at`` is the position that it has come to.

    A deadline is kept as its stream wants it, armed at ``EPOCH``: when it was armed is not in the log.
    """

    def __init__(self, connection: psycopg.AsyncConnection[Any], service: str, partition: int, fresh: str) -> None:
        self.partition = partition
        self.at = 0
        self._connection = connection
        self._service = service
        self._fresh = fresh
        self._codec = STORES[service].codec()
        self._community_of = STORES[service].community_of

    async def create(self) -> None:
        """Make the empty tables."""
        for statement in resources.files("shared").joinpath("sql/partition.sql").read_text().split(";"):
            if statement.strip():
                schema, p = Identifier(self._fresh), SQL(f"p{self.partition}")
                await self._connection.execute(SQL(statement).format(schema=schema, p=p))

    async def fold(self, reached: Callable[[int], None]) -> int:
        """Fold what the log has now and had not before; return how many events that were.

        Raises OperatorError for what this build cannot read.
        """
        head = await self.head()
        count = 0
        async for streams in streams_of_log(self._connection, self._table("events"), after=self.at, until=head):
            before = await self._before([stream for stream, _ in streams]) if self.at else {}
            try:
                rows = [folded(self._codec, stream, events, before.get(stream)) for stream, events in streams]
            except (UnknownStoredTypeError, KeyError) as error:
                raise OperatorError(
                    f"{self._service} cannot be rebuilt: its partition {self.partition} holds what this build cannot "
                    f"read ({error})."
                ) from error
            await self._keep(rows)
            count += sum(len(events) for _, events in streams)
            reached(count)
        self.at = head
        return count

    async def head(self) -> int:
        """Return the log's last position."""
        query = SQL("SELECT head FROM {} WHERE shard = %s").format(Identifier(self._service, "shards"))
        row = await (await self._connection.execute(query, (str(self.partition),))).fetchone()
        return int(row[0]) if row else 0

    async def _before(self, streams: Sequence[str]) -> dict[str, tuple[int, Any]]:
        query = SQL("SELECT stream, version, state FROM {} WHERE stream = ANY(%s)").format(self._copy("states"))
        cursor = await self._connection.execute(query, (list(streams),))
        return {
            stream: (version, self._codec.decode_state(stream, bytes(state)))
            for stream, version, state in await cursor.fetchall()
        }

    async def _keep(self, rows: Sequence[FoldedStream]) -> None:
        streams = [row.stream for row in rows]
        async with self._connection.transaction():
            for table in ("states", "deadlines"):
                await self._connection.execute(
                    SQL("DELETE FROM {} WHERE stream = ANY(%s)").format(self._copy(table)), (streams,)
                )
            async with (
                self._connection.cursor() as cursor,
                cursor.copy(
                    SQL("COPY {} (stream, version, state, line, rank) FROM STDIN").format(self._copy("states"))
                ) as copy,
            ):
                for row in rows:
                    await copy.write_row((row.stream, row.version, row.state, row.line, row.rank))
            async with (
                self._connection.cursor() as cursor,
                cursor.copy(
                    SQL("COPY {} (stream, name, community, due, armed_at) FROM STDIN").format(self._copy("deadlines"))
                ) as copy,
            ):
                for row in rows:
                    for deadline in row.deadlines:
                        community = self._community_of(row.stream)
                        await copy.write_row((row.stream, deadline.name, community, deadline.due, EPOCH))

    def _table(self, name: str) -> Identifier:
        return Identifier(self._service, f"p{self.partition}_{name}")

    def _copy(self, name: str) -> Identifier:
        return Identifier(self._fresh, f"p{self.partition}_{name}")
