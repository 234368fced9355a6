"""What is asked of the queue."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import class_row

from services.projections.queue.tallies import FACETS, is_open, values_of
from shared.contracts.names import member_key
from shared.contracts.policy import Identity
from shared.contracts.touch_facts import EscalationCause

State = Literal["raised", "held", "assigned", "claimed", "settled", "withdrawn"]
STATES: Final[tuple[State, ...]] = ("raised", "held", "assigned", "claimed", "settled", "withdrawn")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Which touches are asked for; None asks for all. Touches about ``hidden`` identities are never told.

    ``member_keys`` are those of the identities of one person.
    """

    organisation: str | None = None
    community: str | None = None
    segment: str | None = None
    reason: str | None = None
    responder: str | None = None
    state: State | None = None
    escalated: bool | None = None
    member_keys: tuple[str, ...] | None = None
    hidden: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A place in the queue's order."""

    rank: Annotated[int, msgspec.Meta(ge=0, le=1_000)]
    ranked_from: datetime
    touch: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchRow:
    """A touch that triage has raised, wherever it stands now."""

    touch: str
    organisation: str
    community: str
    segment: str
    reason: str
    urgency: str
    care_load: int
    member_key: str
    member_platform: str
    member_id: str
    about: str
    conversation: str | None
    since: datetime
    raised_at: datetime
    rank: int
    ranked_from: datetime
    evidence: list[dict[str, Any]]
    rule: str
    policy_version: str
    measured: dict[str, Any]
    thresholds: dict[str, Any]
    explained: dict[str, Any]
    ended_kind: str | None
    ended_at: datetime | None
    ended_cause: str | None
    fact_revision: int | None
    state: State
    responder: str | None
    hold: str | None
    outcome: str | None
    changed_at: datetime | None
    escalated_at: datetime | None
    escalation_cause: EscalationCause | None
    why: list[dict[str, Any]] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEntryRow:
    """One thing that happened to a touch."""

    kind: str
    origin: str
    revision: int
    at: datetime
    responder: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tallies:
    """How many open touches there are, by each thing that one filters by; what has none is not named."""

    community: dict[str, int]
    segment: dict[str, int]
    reason: dict[str, int]
    state: dict[str, int]
    responder: dict[str, int]
    escalated: int


_DOCUMENTS: Final = ("evidence", "measured", "thresholds", "explained", "why")
_COLUMNS: Final = sql.SQL(", ").join(
    sql.SQL("{name}::json" if each.name in _DOCUMENTS else "{name}").format(name=sql.Identifier(each.name))
    for each in fields(TouchRow)
)
_SHOWN: Final = sql.SQL("""
reason IS NOT NULL
AND NOT EXISTS (
    SELECT FROM unnest(%(hidden_platforms)s::text[], %(hidden_ids)s::text[]) AS h(platform, id)
    WHERE h.platform = member_platform AND h.id = member_id)
""")
_EQUAL: Final = ("organisation", "community", "segment", "reason", "responder", "state")
_ONE: Final = sql.SQL("SELECT {columns} FROM touches WHERE {shown} AND touch = %(touch)s").format(
    columns=_COLUMNS, shown=_SHOWN
)
_TALLIES: Final = sql.SQL("""
SELECT facet, value, sum(count)::bigint FROM (
    SELECT facet, value, count FROM touch_tallies
    UNION ALL
    SELECT facet, value, -1
    FROM touches AS t CROSS JOIN LATERAL unnest({facets}::text[], {values}) AS kind (facet, value)
    WHERE {open} AND value IS NOT NULL AND member_key = ANY(%(hidden)s)
) AS counted GROUP BY facet, value HAVING sum(count) > 0
""").format(facets=list(FACETS), values=values_of("t"), open=is_open("t"))
_TIMELINE: Final = """
SELECT kind, origin, revision, at, responder, detail::json FROM touch_timeline WHERE touch = %s
ORDER BY at, origin DESC, revision, kind
"""


async def touches_page(
    connection: psycopg.AsyncConnection[Any], wanted: QueueFilter, after: Place | None, limit: int
) -> list[TouchRow]:
    """Return at most ``limit`` touches in the queue's order after ``after``; open ones unless a state is asked."""
    parameters = {name: getattr(wanted, name) for name in _EQUAL if getattr(wanted, name) is not None}
    asked = (sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in parameters)
    conditions = [_SHOWN, *asked]
    if wanted.member_keys is not None:
        conditions.append(sql.SQL("member_key = ANY(%(member_keys)s)"))
        parameters["member_keys"] = list(wanted.member_keys)
    if wanted.state is None:
        conditions.append(is_open("touches"))
    if wanted.escalated is not None:
        conditions.append(sql.SQL("escalated_at IS NOT NULL" if wanted.escalated else "escalated_at IS NULL"))
    if after is not None:
        conditions.append(sql.SQL("(rank, ranked_from, touch) > (%(rank)s, %(ranked_from)s, %(after)s)"))
        parameters |= {"rank": after.rank, "ranked_from": after.ranked_from, "after": after.touch}
    query = sql.SQL("SELECT {} FROM touches WHERE {} ORDER BY rank, ranked_from, touch LIMIT %(limit)s").format(
        _COLUMNS, sql.SQL(" AND ").join(conditions)
    )
    async with connection.cursor(row_factory=class_row(TouchRow)) as cursor:
        await cursor.execute(query, {**parameters, **_hidden(wanted.hidden), "limit": limit})
        return await cursor.fetchall()


async def touch(
    connection: psycopg.AsyncConnection[Any], touch_id: str, hidden: Sequence[Identity] = ()
) -> TouchRow | None:
    """Return one touch, or None if there is none or it is about one of ``hidden``."""
    async with connection.cursor(row_factory=class_row(TouchRow)) as cursor:
        await cursor.execute(_ONE, {"touch": touch_id, **_hidden(hidden)})
        return await cursor.fetchone()


async def timeline(connection: psycopg.AsyncConnection[Any], touch_id: str) -> list[TimelineEntryRow]:
    """Return what happened to a touch, oldest first."""
    async with connection.cursor(row_factory=class_row(TimelineEntryRow)) as cursor:
        await cursor.execute(_TIMELINE, (touch_id,))
        return await cursor.fetchall()


async def tallies(connection: psycopg.AsyncConnection[Any], hidden: Sequence[Identity] = ()) -> Tallies:
    """Return how many open touches there are, those about ``hidden`` identities left out."""
    keys = await _keys_of(connection, hidden) if hidden else []
    found = await connection.execute(_TALLIES, {"hidden": keys})
    counts: dict[str, dict[str, int]] = {}
    for facet, value, count in await found.fetchall():
        counts.setdefault(facet, {})[value] = count
    facets = {name: counts.get(name, {}) for name in ("community", "segment", "reason", "state", "responder")}
    return Tallies(**facets, escalated=counts.get("escalated", {}).get("yes", 0))


async def _keys_of(connection: psycopg.AsyncConnection[Any], identities: Sequence[Identity]) -> list[str]:
    """Return the keys of ``identities`` in the communities that have open touches."""
    found = await connection.execute("SELECT value FROM touch_tallies WHERE facet = 'community'")
    return [member_key(value, each.platform, each.id) for (value,) in await found.fetchall() for each in identities]


async def revision_of(connection: psycopg.AsyncConnection[Any], touch_id: str) -> int:
    """Return the revision of the newest touch fact that the view holds, 0 if none."""
    found = await connection.execute("SELECT coalesce(fact_revision, 0) FROM touches WHERE touch = %s", (touch_id,))
    row = await found.fetchone()
    return 0 if row is None else int(row[0])


async def mark(connection: psycopg.AsyncConnection[Any]) -> tuple[int, int]:
    """Return the highest sequences folded from TOUCHES and TOUCH_FACTS: they grow with every change of the queue."""
    found = await connection.execute(
        "SELECT coalesce((SELECT max(seq) FROM touch_timeline WHERE origin = 'need'), 0), "
        "coalesce((SELECT max(seq) FROM touch_timeline WHERE origin = 'fact'), 0)"
    )
    row = await found.fetchone()
    assert row is not None  # noqa: S101 -- a SELECT without FROM has one row
    return int(row[0]), int(row[1])


def _hidden(identities: Sequence[Identity]) -> dict[str, list[str]]:
    return {"hidden_platforms": [each.platform for each in identities], "hidden_ids": [each.id for each in identities]}
