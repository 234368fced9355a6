"""Who is there now, who is at a limit, and for how much of the next day nobody is. Pure."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import Final

from services.notifier.availability import anybody, within_hours
from services.notifier.capacity import over_limit
from services.notifier.roster import RosterState
from shared.contracts.policy import Policy
from shared.working_hours import WorkingHours

AHEAD: Final = timedelta(hours=24)
STEP: Final = timedelta(minutes=15)
STANDINGS: Final = ("available", "over-limit", "outside-hours", "on-leave")


def standings(policy: Policy, roster: RosterState, now: datetime) -> Counter[str]:
    """Return how many responders stand how for the lightest of touches."""
    counts: Counter[str] = Counter()
    for one in anybody(policy, now):
        over = one.hold is None and over_limit(roster.load_of(one.responder), one, 1) is not None
        counts["over-limit" if over else one.hold or "available"] += 1
    return counts


def gap_ahead(policy: Policy, now: datetime) -> timedelta:
    """Return for how much of the next 24 hours no responder works, to a quarter of an hour."""
    moments = (now + n * STEP for n in range(AHEAD // STEP))
    return sum(
        (STEP for moment in moments if not any(within_hours(policy, one, moment) for one in policy.responders)),
        timedelta(),
    )


def promised_by(policy: Policy, urgency: str, raised_at: datetime) -> datetime:
    """Return until when the policy has a touch acknowledged: an urgent one by the clock, others in working hours."""
    escalation = policy.escalation
    if urgency == "urgent":
        return raised_at + timedelta(hours=escalation.urgent.acknowledge_within_hours)
    within = (escalation.soon if urgency == "soon" else escalation.routine).acknowledge_within_hours
    return WorkingHours.of(policy.hours).add(raised_at, within) or raised_at + timedelta(hours=within)
