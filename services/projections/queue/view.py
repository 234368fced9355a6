"""Folds TOUCHES and TOUCH_FACTS into the queue.

Each group of columns keeps the newest revision that it has seen, so every interleaving of the two streams, every cut
into batches and every repetition leaves the same rows. A stream that was made anew and filled again is read from its
beginning: the rows stay, and get their places in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from services.projections.queue import rows
from services.projections.queue.tallies import drop_empty, tallied
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEnded
from shared.contracts.subjects import TOUCH_FACTS, TOUCHES
from shared.contracts.touch_facts import TouchFact
from shared.delivery import Delivered

CHANGES_CHANNEL: Final = "warmline_queue"
"""NOTIFY carries the schema's name here when a fold commits: a wake-up, never the news itself."""

_INSERT_TIMELINE: Final = """
INSERT INTO touch_timeline (touch, origin, revision, kind, seq, at, responder, detail)
SELECT touch, origin, revision, kind, seq, at, responder, detail::jsonb
FROM unnest(%(touch)b::text[], %(origin)b::text[], %(revision)b::int8[], %(kind)b::text[], %(seq)b::int8[],
            %(at)b::timestamptz[], %(responder)b::text[], %(detail)b::text[])
  AS a(touch, origin, revision, kind, seq, at, responder, detail)
ON CONFLICT (touch, origin, revision, kind) DO UPDATE SET seq = excluded.seq
"""

_UPSERT_REVISION: Final = """
INSERT INTO touches AS t (touch, fact_revision)
SELECT * FROM unnest(%(touch)b::text[], %(revision)b::int8[])
ON CONFLICT (touch) DO UPDATE SET fact_revision = greatest(t.fact_revision, excluded.fact_revision)
"""

_TYPES: Final[dict[str, LiteralString]] = {
    "need_revision": "int8",
    "ended_revision": "int8",
    "standing_revision": "int8",
    "why_revision": "int8",
    "escalation_revision": "int8",
    "care_load": "int8",
    "rank": "int8",
    "since": "timestamptz",
    "raised_at": "timestamptz",
    "ranked_from": "timestamptz",
    "ended_at": "timestamptz",
    "changed_at": "timestamptz",
    "escalated_at": "timestamptz",
    "evidence": "jsonb",
    "measured": "jsonb",
    "thresholds": "jsonb",
    "why": "jsonb",
}


class QueueView:
    """The view ``queue``: one position for each of its two streams, whatever the partitions."""

    name = "queue"
    streams: tuple[str, ...] = (TOUCHES, TOUCH_FACTS)
    partitioned = False
    kept: Mapping[str, LiteralString] = MappingProxyType({})

    @property
    def ddl(self) -> str:
        """The tables, in ``schema.sql`` beside this file."""
        return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")

    async def fold(self, connection: psycopg.AsyncConnection[Any], messages: Sequence[Delivered]) -> None:
        """Take ``messages`` into the view within the caller's transaction."""
        if not messages:
            return
        events = [message.event for message in messages]
        told = [rows.timeline_row(message.event, message.seq) for message in messages]
        timeline = list({(row.touch, row.origin, row.revision, row.kind): row for row in told}.values())
        names = rows.TimelineRow.__slots__
        await connection.execute(_INSERT_TIMELINE, {name: [getattr(row, name) for row in timeline] for name in names})
        touch_facts = [event for event in events if isinstance(event, TouchFact)]
        await _keep_newest(connection, rows.NeedRow, (rows.need_row(e) for e in events if isinstance(e, NeedsTouch)))
        await _keep_newest(connection, rows.EndRow, (rows.end_row(e) for e in events if isinstance(e, NeedsTouchEnded)))
        await _keep_newest(connection, rows.StandingRow, (rows.standing_row(fact) for fact in touch_facts))
        await _keep_newest(connection, rows.EscalationRow, (rows.escalation_row(fact) for fact in touch_facts))
        await _keep_newest(connection, rows.WhyRow, (rows.why_row(fact) for fact in touch_facts), counted=False)
        if touch_facts:
            newest: dict[str, int] = {}
            for fact in touch_facts:
                newest[fact.touch] = max(fact.revision, newest.get(fact.touch, 0))
            columns = {"touch": list(newest), "revision": list(newest.values())}
            await connection.execute(_UPSERT_REVISION, columns)
        await connection.execute("SELECT pg_notify(%s, current_schema())", (CHANGES_CHANNEL,))


async def _keep_newest(
    connection: psycopg.AsyncConnection[Any], form: type[Any], candidates: Iterable[Any | None], *, counted: bool = True
) -> None:
    """Upsert a group of columns; the second slot of ``form`` is the revision that guards it.

    ``counted`` says whether a touch with other such columns may count otherwise.
    """
    names: tuple[str, ...] = tuple(form.__slots__)
    guard = names[1]
    newest: dict[str, Any] = {}
    for row in candidates:
        if row is not None and (row.touch not in newest or getattr(newest[row.touch], guard) < getattr(row, guard)):
            newest[row.touch] = row
    if newest:
        columns = {name: [getattr(row, name) for row in newest.values()] for name in names}
        if not counted:
            await connection.execute(_upsert(names), columns)
            return
        moved = await connection.execute(tallied(_upsert(names)), columns)
        if (0,) in await moved.fetchall():
            await drop_empty(connection)


def _upsert(names: tuple[str, ...]) -> sql.Composed:
    columns = [sql.Identifier(name) for name in names]
    guard = columns[1]
    types = [_TYPES.get(name, "text") for name in names]
    # An array of jsonb is sent as text: its elements are JSON already.
    arrays = [sql.SQL("text" if kind == "jsonb" else kind) for kind in types]
    return sql.SQL(
        "INSERT INTO touches AS t ({columns}) SELECT {selected} FROM unnest({arrays}) AS a({columns}) "
        "ON CONFLICT (touch) DO UPDATE SET ({columns}) = ROW({excluded}) "
        "WHERE t.{guard} IS NULL OR t.{guard} < excluded.{guard}"
    ).format(
        columns=sql.SQL(", ").join(columns),
        selected=sql.SQL(", ").join(
            sql.SQL("{}::{}").format(column, sql.SQL(kind)) for column, kind in zip(columns, types, strict=True)
        ),
        arrays=sql.SQL(", ").join(
            sql.SQL("{}::{}[]").format(sql.Placeholder(name, format=psycopg.adapt.PyFormat.BINARY), array)
            for name, array in zip(names, arrays, strict=True)
        ),
        excluded=sql.SQL(", ").join(sql.SQL("excluded.{}").format(column) for column in columns),
        guard=guard,
    )
