"""Folding a read model into a schema of one's choice, beside the live one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import aclosing
from typing import Any, Final

import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Composable, Identifier

from infra.stream_reading import read_stream
from infra.table_comparison import Difference, columns_of, compare_tables, primary_key_of
from shared.dead_letters import dead_letter
from shared.delivery import Message
from shared.event_store.recorder import DeadLetter
from shared.partition.service import Input
from shared.partition.understanding import UnknownOwnTypeError
from shared.stream_identity import Landmark
from shared.view import View, ViewShard, move_position, positions_of, use_schema
from shared.view_writer import decoded

HORIZONS: Final = "horizons"
"""The table of a view that is no function of the streams: what was let go as time passed."""
_WORK: Final = ("superseded", "repeats")
"""Tables of a view that hold what is to be done, and not what was told: it is done by one copy, and not by another."""
_TRIES: Final = 1


class ViewFolding:
    """Folds one shard of a view into ``schema``, with its positions, as its runner would.

    ``parked`` are the messages that could not be folded.
    """

    def __init__(self, client: Client, connection: psycopg.AsyncConnection[Any], shard: ViewShard, schema: str) -> None:
        self.shard = shard
        self.parked: list[DeadLetter] = []
        self._client = client
        self._connection = connection
        self._schema = schema

    async def fold_until(
        self,
        spec: Input,
        reader: str,
        until: int,
        *,
        without: Collection[int] = (),
        reached: Callable[[int], None] = lambda _sequence: None,
    ) -> int:
        """Fold what ``spec`` names, from where it stands up to the sequence ``until``, passing over ``without``.

        Afterwards it stands at ``until``. Returns how many messages that were.

        Raises UnknownOwnTypeError for a type that only a newer build knows.
        """
        position = (await positions_of(self._connection, self._schema, self.shard.name)).get(reader, 0)
        count = 0
        batches = read_stream(self._client, spec.stream, spec.subjects, after=position, until=until)
        async with aclosing(batches):
            async for messages in batches:
                wanted = [message for message in messages if message.seq not in without]
                await self._fold(reader, position, messages[-1], wanted)
                position = messages[-1].seq
                count += len(messages)
                reached(position)
        if position < until:
            await self._store(reader, position, until, None, [])
        return count

    async def _fold(self, reader: str, expected: int, last: Message, messages: Sequence[Message]) -> None:
        try:
            await self._store(reader, expected, last.seq, last, messages)
        except (UnknownOwnTypeError, psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception:  # noqa: BLE001 -- one bad message must not stop the rest
            for message in messages:
                await self._fold_one(reader, expected, message)
                expected = message.seq
            if expected < last.seq:
                await self._store(reader, expected, last.seq, last, [])

    async def _fold_one(self, reader: str, expected: int, message: Message) -> None:
        try:
            await self._store(reader, expected, message.seq, message, [message])
        except (UnknownOwnTypeError, psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- kept, for whoever folds to judge
            self.parked.append(dead_letter(message, error, _TRIES))
            await self._store(reader, expected, message.seq, message, [])

    async def _store(
        self, reader: str, expected: int, position: int, last: Message | None, messages: Sequence[Message]
    ) -> None:
        async with self._connection.transaction():
            await self._connection.execute(use_schema(self._schema))
            landmark = Landmark(seq=last.seq, stored=last.stored) if last is not None else None
            await move_position(self._connection, self.shard.name, reader, expected, to=position, last=landmark)
            events = decoded(messages)
            if events:
                await self.shard.view.fold(self._connection, events)


async def tables_of(connection: psycopg.AsyncConnection[Any], schema: str) -> list[str]:
    """Return the tables of a view's copy that are made of the streams alone; a partitioned one is one."""
    cursor = await connection.execute(
        "SELECT relname::text FROM pg_class WHERE relnamespace = to_regnamespace(%s) AND relkind IN ('r', 'p') "
        "AND NOT relispartition AND relname <> ALL(%s) ORDER BY 1",
        (schema, ["positions", HORIZONS, *_WORK]),
    )
    return [row[0] for row in await cursor.fetchall()]


async def compare_views(
    connection: psycopg.AsyncConnection[Any], view: View, *, expected: str, found: str, prefix: str = ""
) -> tuple[int, list[Difference]]:
    """Return how many rows were compared, and how the copy in the schema ``found`` differs from that in ``expected``.

    The tables of ``found`` bear their names after ``prefix``. What is beyond the horizons there is not compared.
    """
    rows, differences = 0, []
    for table in await tables_of(connection, expected):
        columns = await columns_of(connection, expected, table)
        missing = sorted(set(columns) - set(await columns_of(connection, found, prefix + table)))
        if missing:
            what = f"{view.name}.{table}: the table is damaged"
            differences.append(Difference(what=what, count=1, examples=(f"it has no column {', '.join(missing)}",)))
            continue
        await connection.execute(SQL("ANALYZE {}").format(Identifier(expected, table)))
        key = await primary_key_of(connection, expected, table)
        rows += await count_rows(connection, expected, table)
        differences += [
            Difference(what=f"{view.name}.{table}: row {one.what}", count=one.count, examples=one.examples)
            for one in await compare_tables(
                connection,
                expected=above_horizons(view, table, Identifier(expected, table), Identifier(found, prefix + HORIZONS)),
                found=above_horizons(
                    view, table, Identifier(found, prefix + table), Identifier(found, prefix + HORIZONS)
                ),
                key=key,
                values=[column for column in columns if column not in key],
            )
        ]
    return rows, differences


def above_horizons(view: View, table: str, rows: Identifier, horizons: Identifier) -> Composable:
    """Return those ``rows`` of a view's ``table`` that were not let go, by ``horizons``: a table or a query."""
    if table not in view.kept:
        return rows
    return SQL("(SELECT t.* FROM {} AS t LEFT JOIN {} AS h USING (community) WHERE h.before IS NULL OR {})").format(
        rows, horizons, SQL(view.kept[table])
    )


async def count_rows(connection: psycopg.AsyncConnection[Any], schema: str, table: str) -> int:
    """Return how many rows a table has."""
    row = await (await connection.execute(SQL("SELECT count(*) FROM {}").format(Identifier(schema, table)))).fetchone()
    return int(row[0]) if row else 0
