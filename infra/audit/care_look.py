"""What the queue and the rosters say of care: how long touches wait, how they went on, and who is there for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg.sql import SQL, Identifier

from services.notifier.roster import RosterState
from services.notifier.service import notifier_codec
from services.notifier.streams import roster_stream
from shared.contracts.policy import Policy
from shared.contracts.subjects import partition_of

MOST_STEPS: Final = 2_000
"""Steps that one look takes in; what is beyond is for the next."""
MOST_LATE: Final = 5_000
"""Touches that one look holds against what was promised, the oldest of those that nobody has claimed."""

_OPEN: Final = """
SELECT urgency, state, coalesce(hold, ''), count(*),
       coalesce(extract(epoch FROM clock_timestamp() - min(raised_at)), 0)::float
FROM view_queue.touches WHERE state IN ('raised', 'held', 'assigned', 'claimed') AND reason IS NOT NULL
GROUP BY urgency, state, coalesce(hold, '')
"""
# What was given back had been claimed, and is not waited for again.
_UNCLAIMED: Final = """
SELECT touch, organisation, urgency, raised_at FROM (
    SELECT touch, organisation, urgency, raised_at FROM view_queue.touches
    WHERE state IN ('raised', 'held', 'assigned') AND reason IS NOT NULL ORDER BY raised_at LIMIT %s) AS oldest
WHERE NOT EXISTS (
    SELECT FROM view_queue.touch_timeline AS l
    WHERE l.touch = oldest.touch AND l.origin = 'fact' AND l.kind = 'claimed')
"""
# A touch is acknowledged once: by the first claim, or by being settled without one.
_STEPS: Final = """
SELECT l.origin, l.seq, l.touch, l.kind, l.at, t.organisation, t.urgency, t.since, t.raised_at,
       (SELECT one ->> 'traceparent' FROM jsonb_array_elements(t.evidence::jsonb) WITH ORDINALITY AS e (one, place)
        WHERE one ->> 'traceparent' IS NOT NULL ORDER BY place DESC LIMIT 1),
       l.kind IN ('claimed', 'settled') AND NOT EXISTS (
           SELECT FROM view_queue.touch_timeline AS earlier
           WHERE earlier.touch = l.touch AND earlier.origin = 'fact' AND earlier.kind IN ('claimed', 'settled')
           AND earlier.revision < l.revision)
FROM view_queue.touch_timeline AS l JOIN view_queue.touches AS t USING (touch)
WHERE l.origin = %(origin)s AND l.seq > %(after)s AND t.since IS NOT NULL AND (
    l.kind IN ('claimed', 'settled') OR (l.origin = 'need' AND l.kind = 'raised' AND l.revision = 1))
ORDER BY l.seq LIMIT %(most)s
"""
_ENDS: Final = "SELECT max(seq) FROM view_queue.touch_timeline WHERE origin = %s"
_POLICIES: Final = "SELECT organisation, policy::text FROM ingest.policies_in_force ORDER BY organisation LIMIT %s"

Connection = psycopg.AsyncConnection[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Open touches of one urgency that stand alike; ``oldest_seconds`` is how long ago the first of them was raised."""

    urgency: str
    state: str
    hold: str
    count: int
    oldest_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclaimed:
    """An open touch that nobody has ever claimed."""

    touch: str
    organisation: str
    urgency: str
    raised_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A touch was raised, claimed or settled ``at``; ``acknowledges`` where it was the first that showed it seen.

    ``traceparent`` is that of the newest evidence whose trace is recorded.
    """

    origin: str
    seq: int
    touch: str
    kind: str
    at: datetime
    organisation: str
    urgency: str
    since: datetime
    raised_at: datetime
    traceparent: str | None
    acknowledges: bool


async def waiting(connection: Connection) -> list[Waiting]:
    """Return how many open touches stand how; raises psycopg.Error."""
    rows = await (await connection.execute(_OPEN)).fetchall()
    return [
        Waiting(urgency=urgency, state=state, hold=hold, count=count, oldest_seconds=oldest)
        for urgency, state, hold, count, oldest in rows
    ]


async def unclaimed(connection: Connection) -> list[Unclaimed]:
    """Return the touches that have waited longest for somebody to claim them; raises psycopg.Error."""
    rows = await (await connection.execute(_UNCLAIMED, (MOST_LATE,))).fetchall()
    return [
        Unclaimed(touch=touch, organisation=organisation, urgency=urgency, raised_at=raised_at)
        for touch, organisation, urgency, raised_at in rows
    ]


async def end_of(connection: Connection, origin: str) -> int:
    """Return the sequence of the newest step of ``origin`` (``need``, ``fact``), 0 when there is none."""
    row = await (await connection.execute(_ENDS, (origin,))).fetchone()
    return int(row[0]) if row and row[0] is not None else 0


async def steps_after(connection: Connection, origin: str, after: int) -> list[Step]:
    """Return the next steps of ``origin`` after a sequence, in order; raises psycopg.Error."""
    rows = await (await connection.execute(_STEPS, {"origin": origin, "after": after, "most": MOST_STEPS})).fetchall()
    names = Step.__slots__
    return [Step(**dict(zip(names, row, strict=True))) for row in rows]


async def policies(connection: Connection, most: int) -> dict[str, Policy]:
    """Return the policies in force of at most so many organisations; raises psycopg.Error."""
    rows = await (await connection.execute(_POLICIES, (most,))).fetchall()
    return {organisation: msgspec.json.decode(policy, type=Policy) for organisation, policy in rows}


async def rosters(connection: Connection, organisations: Sequence[str], partitions: int) -> dict[str, RosterState]:
    """Return what the people of each organisation carry; raises psycopg.Error."""
    codec = notifier_codec()
    found: dict[str, RosterState] = {}
    for partition in {partition_of(one, partitions) for one in organisations}:
        own = {roster_stream(one): one for one in organisations if partition_of(one, partitions) == partition}
        statement = SQL("SELECT stream, state FROM {} WHERE stream = ANY(%s)").format(
            Identifier("notifier", f"p{partition}_states")
        )
        rows = await (await connection.execute(statement, (list(own),))).fetchall()
        found |= {own[stream]: codec.decode_state(stream, state) for stream, state in rows}
    return found
