"""Folds TOUCHES and TOUCH_FACTS into the queue.

Each group of columns keeps the newest revision that it has seen, so every interleaving of the two streams, every cut
into batches and every repetition leaves the same rows. A stream that was made anew and filled again is read from its
beginning: the rows stay, and get their places in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, LiteralString

import psycopg
from psycopg import sql

from services.projections.queue import rows
from services.projections.queue.scores import KEPT
from services.projections.queue.tallies import drop_empty, tallied
from shared.array_parameters import BinaryArray, integers, moments, texts
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEnded, NeedsTouchRevised
from shared.contracts.subjects import TOUCH_FACTS, TOUCHES
from shared.contracts.touch_facts import TouchFact
from shared.delivery import Delivered

CHANGES_CHANNEL: Final = "warmline_queue"
"""NOTIFY carries the schema's name here when a fold commits: a wake-up, never the news itself."""

# What a fold of one kind of messages does, in one statement: each costs a round trip. Arrays are unnested where values
# are selected: in FROM, each would be laid out as a table of its own first.
_TAKE_IN: Final = sql.SQL("""
WITH timeline AS (
    INSERT INTO touch_timeline (touch, origin, revision, kind, seq, at, responder, detail)
    SELECT unnest(%(t_touch)b::text[]), unnest(%(t_origin)b::text[]), unnest(%(t_revision)b::int8[]),
        unnest(%(t_kind)b::text[]), unnest(%(t_seq)b::int8[]), unnest(%(t_at)b::timestamptz[]),
        unnest(%(t_responder)b::text[]), unnest(%(t_detail)b::text[])
    ON CONFLICT (touch, origin, revision, kind) DO UPDATE SET seq = excluded.seq
), {tallied}
SELECT pg_notify({channel}, current_schema()), EXISTS (SELECT FROM moved WHERE count = 0)
""")

_IF_NEWER: Final = "{column} = CASE WHEN {newer} THEN excluded.{column} ELSE t.{column} END"
_NEWEST: Final = "{column} = greatest(t.{column}, excluded.{column})"

_TYPES: Final[dict[str, LiteralString]] = {
    "fact_revision": "int8",
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
    "revision": "int8",
    "seq": "int8",
    "at": "timestamptz",
}
_ARRAYS: Final[dict[str, Callable[[Any], BinaryArray]]] = {
    "text": texts,
    "int8": integers,
    "timestamptz": moments,
}


class QueueView:
    """The view ``queue``: one position for each of its two streams, whatever the partitions."""

    name = "queue"
    streams: tuple[str, ...] = (TOUCHES, TOUCH_FACTS)
    partitioned = False
    kept: Mapping[str, LiteralString] = MappingProxyType({"touches": KEPT})

    @property
    def ddl(self) -> str:
        """The tables, in ``schema.sql`` beside this file."""
        return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")

    async def fold(self, connection: psycopg.AsyncConnection[Any], messages: Sequence[Delivered]) -> None:
        """Take ``messages`` into the view within the caller's transaction."""
        if not messages:
            return
        for kind, forms in _FORMS.items():
            of_kind = [message for message in messages if isinstance(message.event, kind)]
            if of_kind:
                columns = _timeline(of_kind) | _newest(forms, [message.event for message in of_kind])
                answered = await (await connection.execute(_STATEMENTS[kind], columns)).fetchone()
                if answered is not None and answered[1]:
                    await drop_empty(connection)


def _timeline(messages: Sequence[Delivered]) -> dict[str, BinaryArray]:
    told = [rows.timeline_row(message.event, message.seq) for message in messages]
    timeline = {(row.touch, row.origin, row.revision, row.kind): row for row in told}.values()
    columns = zip(rows.TimelineRow._fields, zip(*timeline, strict=True), strict=True)
    return {f"t_{name}": _ARRAYS[_TYPES.get(name, "text")](values) for name, values in columns}


def _newest(forms: Mapping[type[Any], Callable[[Any], Any | None]], events: Sequence[Any]) -> dict[str, BinaryArray]:
    """Return the columns of ``forms`` for each touch in ``events``: each group of them with its newest revision."""
    touches = dict.fromkeys(event.touch for event in events)
    columns: dict[str, BinaryArray] = {"touch": texts(list(touches))}
    for form, row_of in forms.items():
        newest: dict[str, Any] = {}
        for event in events:
            row = row_of(event)
            # The second column of a group is the revision that guards it.
            if row is not None and (event.touch not in newest or newest[event.touch][1] < row[1]):
                newest[event.touch] = row
        nothing = (None,) * len(form._fields)
        rows_of_all = [newest.get(touch, nothing) for touch in touches]
        for name, values in zip(form._fields[1:], list(zip(*rows_of_all, strict=True))[1:], strict=True):
            columns[name] = _ARRAYS[_TYPES.get(name, "text")](values)
    return columns


def _columns_of(forms: Iterable[type[Any]]) -> list[str]:
    return ["touch", *(name for form in forms for name in form._fields[1:])]


def _upsert(forms: Sequence[type[Any]]) -> sql.Composed:
    names = _columns_of(forms)
    types = [_TYPES.get(name, "text") for name in names]
    newer = {
        form: sql.SQL("excluded.{guard} > coalesce(t.{guard}, -1)").format(guard=sql.Identifier(form._fields[1]))
        for form in forms
    }
    # With one group alone, nothing is written but what is newer.
    guard, taken = ("{column} = excluded.{column}",) * 2 if len(forms) == 1 else (_NEWEST, _IF_NEWER)
    moved = [
        sql.SQL(guard if name == form._fields[1] else taken).format(column=sql.Identifier(name), newer=newer[form])
        for form in forms
        for name in form._fields[1:]
    ]
    return sql.SQL(
        "INSERT INTO touches AS t ({columns}) SELECT {values} ON CONFLICT (touch) DO UPDATE SET {moved} WHERE {newer}"
    ).format(
        columns=sql.SQL(", ").join(map(sql.Identifier, names)),
        values=sql.SQL(", ").join(
            sql.SQL("unnest({}::{}[])").format(
                sql.Placeholder(name, format=psycopg.adapt.PyFormat.BINARY), sql.SQL(kind)
            )
            for name, kind in zip(names, types, strict=True)
        ),
        moved=sql.SQL(", ").join(moved),
        newer=sql.SQL(" OR ").join(newer.values()),
    )


_FORMS: Final[dict[type[Any], dict[type[Any], Callable[[Any], Any | None]]]] = {
    NeedsTouch: {rows.NeedRow: rows.need_row},
    NeedsTouchRevised: {rows.NeedRow: rows.revised_row},
    NeedsTouchEnded: {rows.EndRow: rows.end_row},
    TouchFact: {
        rows.FactRow: rows.fact_row,
        rows.StandingRow: rows.standing_row,
        rows.EscalationRow: rows.escalation_row,
        rows.WhyRow: rows.why_row,
    },
}
"""What each kind of messages says of a touch: groups of columns, each with a revision of its own."""

# psycopg remembers what it has made of a statement only up to 4,096 characters.
_STATEMENTS: Final = {
    kind: b" ".join(_TAKE_IN.format(tallied=tallied(_upsert(list(forms))), channel=CHANGES_CHANNEL).as_bytes().split())
    for kind, forms in _FORMS.items()
}
