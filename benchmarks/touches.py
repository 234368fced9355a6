"""Touches, as triage raises them: made for the measurements that begin at the queue."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from benchmarks.workload import MEMBERS, ORGANISATION, SOURCE, communities
from shared.contracts.names import member_key, touch_id
from shared.contracts.needs_touch import Evidence, MemberRef, NeedsTouch

_BEGIN: Final = datetime(2026, 11, 1, tzinfo=UTC)
_REASONS: Final = ("unanswered", "welcome")


def needs(count: int, *, first: int = 0) -> Iterator[NeedsTouch]:
    """Yield ``count`` needs, each of a touch of its own, of all communities in turn."""
    names = communities()
    for number in range(first, first + count):
        community = names[number % len(names)]
        who = f"u{number % MEMBERS}"
        since = _BEGIN + timedelta(seconds=number * 7919 % 1_000_000)
        about = f"conversation:{community}:discord:q-{number}"
        reason = _REASONS[number % len(_REASONS)]
        yield NeedsTouch(
            touch=touch_id(community, about, 1),
            revision=1,
            organisation=ORGANISATION,
            community=community,
            segment="everyone",
            reason=reason,
            urgency="normal",
            care_load=1 + number % 3,
            member=MemberRef(key=member_key(community, "discord", who), platform="discord", id=who),
            about=about,
            conversation=f"q-{number}",
            since=since,
            raised_at=since + timedelta(hours=4),
            evidence=(Evidence(source=SOURCE, event=f"event:{number}:1", time=since),),
            rule=reason,
            policy_version="bench-1",
            values={"working_hours": 4.5},
            thresholds={"within_hours": 4.0},
        )
