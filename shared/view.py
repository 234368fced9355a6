"""A read model: tables that are a function of the streams, and nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, LiteralString, Protocol

import psycopg
from psycopg.sql import SQL, Composable, Composed, Identifier

from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.delivery import Delivered
from shared.partition.service import Input
from shared.stream_identity import Landmark

POSITIONS: Final = (
    "CREATE TABLE positions (shard text, reader text, position bigint NOT NULL, last_seq bigint, "
    "last_stored timestamptz, PRIMARY KEY (shard, reader))"
)
_MOVE: Final = """
WITH held AS MATERIALIZED ({held})
INSERT INTO positions AS p (shard, reader, position, last_seq, last_stored)
SELECT %(shard)s, %(reader)s, %(to)s::bigint, %(last_seq)s::bigint, %(last_stored)s::timestamptz FROM held
ON CONFLICT (shard, reader) DO UPDATE SET
    position = excluded.position,
    last_seq = coalesce(excluded.last_seq, p.last_seq),
    last_stored = coalesce(excluded.last_stored, p.last_stored)
WHERE p.position = %(expected)s
"""
_MOVE_UNCONDITIONALLY: Final = SQL(_MOVE).format(held=SQL("SELECT")).as_bytes(None)


class View(Protocol):
    """One read model. Table names are unqualified: the schema in the search path says which copy is meant.

    What it stores must depend on the streams alone, not on the clock, on batch borders or on how streams interleave.
    Where rows are let go as time passes, a table ``horizons`` says of each community what happened before what moment.
    ``kept`` has, by table, the condition for a row ``t`` to be above the horizon ``h`` of its column ``community``.
    """

    name: str
    streams: tuple[str, ...]
    partitioned: bool

    @property
    def kept(self) -> Mapping[str, LiteralString]:
        """The tables whose rows are let go."""
        ...

    @property
    def ddl(self) -> str:
        """Statements that create the model's tables."""
        ...

    async def fold(self, connection: psycopg.AsyncConnection[Any], messages: Sequence[Delivered]) -> None:
        """Take ``messages`` into the tables, inside a transaction that also moves the position past them."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ViewShard:
    """One reader of a read model: a partition of it, or the whole where it is not partitioned."""

    view: View
    partition: int

    @property
    def name(self) -> str:
        """The name of its lease and of its positions."""
        return f"{self.view.name}-{self.partition}"

    @property
    def inputs(self) -> tuple[Input, ...]:
        """What it reads."""
        subjects = {
            MEMBER_EVENTS: f"p.{self.partition}.member.>" if self.view.partitioned else "p.*.member.>",
            TOUCHES: "needs-touch.>",
            TOUCH_FACTS: "touch.>",
        }
        return tuple(Input(stream=stream, subjects=(subjects[stream],)) for stream in self.view.streams)


def shards_of(view: View, partitions: int) -> tuple[ViewShard, ...]:
    """Return the readers of ``view``."""
    return tuple(ViewShard(view=view, partition=n) for n in range(partitions if view.partitioned else 1))


def schema_of(view: View) -> str:
    """Return the schema that holds the live copy of ``view``."""
    return f"view_{view.name}"


async def create_view(connection: psycopg.AsyncConnection[Any], view: View, schema: str) -> None:
    """Create an empty copy of ``view`` in ``schema``, which must not exist."""
    async with connection.transaction():
        await connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(schema)))
        await connection.execute(use_schema(schema))
        await connection.execute(POSITIONS)
        await connection.execute(view.ddl.encode())
        await connection.execute(SQL("COMMENT ON SCHEMA {} IS {}").format(Identifier(schema), layout_of(view)))


def layout_of(view: View) -> str:
    """Return what stands for the tables that this build makes for ``view``; remarks in the statements do not count."""
    statements = " ".join(re.sub(r"--[^\n]*", "", view.ddl).split())
    return f"layout {hashlib.blake2b(statements.encode(), digest_size=8).hexdigest()}"


async def layout_in(connection: psycopg.AsyncConnection[Any], schema: str) -> str | None:
    """Return what ``layout_of`` said when ``schema`` was made; None for one of a build that did not say."""
    cursor = await connection.execute("SELECT obj_description(to_regnamespace(%s), 'pg_namespace')", (schema,))
    row = await cursor.fetchone()
    return row[0] if row else None


def use_schema(schema: str) -> Composed:
    """Return the statement that makes unqualified names mean ``schema`` until the transaction ends."""
    return SQL("SET LOCAL search_path = {}").format(Identifier(schema))


async def positions_of(connection: psycopg.AsyncConnection[Any], schema: str, shard: str) -> dict[str, int]:
    """Return how far ``shard`` has read, by reader."""
    cursor = await connection.execute(
        SQL("SELECT reader, position FROM {} WHERE shard = %s").format(Identifier(schema, "positions")), (shard,)
    )
    return {row[0]: row[1] for row in await cursor.fetchall()}


async def landmarks_of(connection: psycopg.AsyncConnection[Any], schema: str, shard: str) -> dict[str, Landmark]:
    """Return the last message that ``shard`` has read, by reader, where it is known."""
    cursor = await connection.execute(
        SQL("SELECT reader, last_seq, last_stored FROM {} WHERE shard = %s AND last_seq IS NOT NULL").format(
            Identifier(schema, "positions")
        ),
        (shard,),
    )
    return {row[0]: Landmark(seq=row[1], stored=row[2]) for row in await cursor.fetchall()}


def move_statement(held: Composable) -> bytes:
    """Return the statement by which ``move_position`` moves if the query ``held`` finds a row."""
    return SQL(_MOVE).format(held=held).as_bytes(None)


async def move_position(
    connection: psycopg.AsyncConnection[Any],
    shard: str,
    reader: str,
    expected: int,
    *,
    to: int,
    last: Landmark | None,
    statement: bytes = _MOVE_UNCONDITIONALLY,
    values: Mapping[str, object] = MappingProxyType({}),
) -> bool:
    """Compare and set a position, in the view's schema; False when it is elsewhere or ``statement`` does not allow it.

    ``last`` is the last message that was read up to there; None when there was none since. ``values`` are those of the
    placeholders in what the statement asks first.
    """
    place = {"shard": shard, "reader": reader, "expected": expected, "to": to}
    landmark = {"last_seq": last and last.seq, "last_stored": last and last.stored}
    return (await connection.execute(statement, {**place, **landmark, **values})).rowcount == 1
