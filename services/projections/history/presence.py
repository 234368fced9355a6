"""On which days members were there, and what else segments of the policy ask of one, as the history tells it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql

from services.projections.history.queries import KnownMember
from shared.contracts.policy import Segment
from shared.segments import Segments

DAYS_SHOWN: Final = 90
THERE: Final = ("attended", "edited", "posted", "reacted", "registered", "solved", "surveyed")
"""The kinds of events by which a member was there on a day, as they are for triage."""

_EPOCH: Final = date(1970, 1, 1)
_KEPT: Final = sql.SQL("NOT EXISTS (SELECT FROM horizons AS h WHERE h.community = e.community AND e.time < h.before)")
# One look into the index for each day, however much they did on it. The bounds are given as values, too, so that other
# partitions are not even planned for.
_DAYS: Final = sql.SQL("""
SELECT member, (day AT TIME ZONE 'UTC')::date
FROM unnest(%(members)s::text[]) AS member
CROSS JOIN generate_series(%(first)s::timestamptz, %(last)s, interval '24 hours') AS day CROSS JOIN LATERAL (
    SELECT FROM history AS e
    WHERE member_key = member AND time >= %(first)s AND time < %(end)s
      AND time >= day AND time < day + interval '24 hours' AND kind = ANY(%(there)s) AND {} LIMIT 1
) AS there ORDER BY day DESC
""").format(_KEPT)
_LAST: Final = sql.SQL("""
SELECT (time AT TIME ZONE 'UTC')::date FROM history AS e
WHERE member_key = %s AND time BETWEEN %s AND %s AND kind = ANY(%s) AND {}
ORDER BY time DESC LIMIT 1
""").format(_KEPT)
_NEWEST: Final = sql.SQL("""
SELECT extra::json -> %(name)s::text FROM history AS e
WHERE member_key = %(member)s AND time BETWEEN %(first)s AND %(last)s AND kind = %(kind)s
  AND extra::json -> %(name)s::text IS NOT NULL AND {}
ORDER BY time DESC, seq DESC LIMIT 1
""").format(_KEPT)
_SEGMENTS: Final = "SELECT segments::text FROM communities WHERE community = %s"


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentFacts:
    """One identity of a member as segments see it: ``shared.segments.SegmentMember``."""

    since: datetime | None
    platform: str
    roles: tuple[str, ...]
    all_tags: tuple[str, ...]
    active_days: tuple[int, ...]
    survey_score: int | None


async def active_days(
    connection: psycopg.AsyncConnection[Any], members: Sequence[str], now: datetime
) -> dict[str, list[date]]:
    """Return on which of the last ``DAYS_SHOWN`` days of UTC each of those identities was there, the newest first."""
    today = datetime(now.year, now.month, now.day, tzinfo=UTC)
    found = await connection.execute(
        _DAYS,
        {
            "members": list(members),
            "first": today - timedelta(days=DAYS_SHOWN - 1),
            "last": today,
            "end": today + timedelta(days=1),
            "there": list(THERE),
        },
    )
    days: dict[str, list[date]] = {member: [] for member in members}
    for member, day in await found.fetchall():
        days[member].append(day)
    return days


async def segments_of(connection: psycopg.AsyncConnection[Any], community: str) -> Segments | None:
    """Return the segments of the policy in force in a community; None where there is none."""
    row = await (await connection.execute(_SEGMENTS, (community,))).fetchone()
    return _segments(row[0]) if row is not None else None


async def segment_facts(
    connection: psycopg.AsyncConnection[Any],
    member: KnownMember,
    active: Sequence[date],
    given: Sequence[str],
    wanted: Segments,
) -> SegmentFacts:
    """Return what ``wanted`` ask of the identity ``member``, who was there on the days ``active``, the newest first.

    ``given`` are the tags that the team gave them.
    """
    days = [(day - _EPOCH).days for day in reversed(active)]
    if not days:
        last = await (
            await connection.execute(_LAST, (member.key, member.first_seen, member.last_seen, list(THERE)))
        ).fetchone()
        days = [(last[0] - _EPOCH).days] if last is not None else []
    tags = await _newest(connection, member, "updated", "tags") if wanted.ask_for("tags") else None
    score = await _newest(connection, member, "surveyed", "score") if wanted.ask_for("survey_score") else None
    return SegmentFacts(
        since=member.first_seen,
        platform=member.platform,
        roles=tuple(member.roles),
        all_tags=tuple(dict.fromkeys((*(tags or ()), *given))),
        active_days=tuple(days),
        survey_score=score,
    )


async def _newest(connection: psycopg.AsyncConnection[Any], member: KnownMember, kind: str, name: str) -> Any:
    places = {"member": member.key, "first": member.first_seen, "last": member.last_seen}
    found = await connection.execute(_NEWEST, {**places, "kind": kind, "name": name})
    row = await found.fetchone()
    return row[0] if row is not None else None


@lru_cache(maxsize=64)
def _segments(document: str) -> Segments:
    return Segments(msgspec.json.decode(document, type=tuple[Segment, ...]))
