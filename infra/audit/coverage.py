"""Who is there now, who is at a limit, and for how much of the next day nobody is. Pure."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notifier.availability import anybody, within_hours
from services.notifier.capacity import over_limit
from services.notifier.roster import RosterState
from shared.contracts.policy import Policy
from shared.working_hours import WorkingHours

AHEAD: Final = timedelta(hours=24)
STEP: Final = timedelta(minutes=15)
TOO_MUCH: Final = timedelta(hours=1)
"""So much of its own hours without anybody is told; a lunch break is not."""
STANDINGS: Final = ("available", "over-limit", "outside-hours", "on-leave")


def standings(policy: Policy, roster: RosterState, now: datetime) -> Counter[str]:
    """Return how many responders stand how for the lightest of touches."""
    counts: Counter[str] = Counter()
    for one in anybody(policy, now):
        over = one.hold is None and over_limit(roster.load_of(one.responder), one, 1) is not None
        counts["over-limit" if over else one.hold or "available"] += 1
    return counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """Of the next 24 hours, by quarters of an hour: for how long no responder works.

    ``missing`` is how much of that lies within the organisation's own hours, in which somebody is to be there;
    ``missing_from`` when it begins.
    """

    gap: timedelta
    missing: timedelta
    missing_from: datetime | None


def coverage_ahead(policy: Policy, now: datetime) -> Coverage:
    """Return what of the next 24 hours is covered."""
    quarter = now.replace(minute=now.minute // 15 * 15, second=0, microsecond=0)  # hours begin at one, as a rule
    moments = (quarter + n * STEP for n in range(AHEAD // STEP))
    alone = [one for one in moments if not any(within_hours(policy, each, one) for each in policy.responders)]
    hours = WorkingHours.of(policy.hours)
    missing = [moment for moment in alone if hours.is_open(moment)]
    return Coverage(gap=len(alone) * STEP, missing=len(missing) * STEP, missing_from=missing[0] if missing else None)


def uncovered(policy: Policy, ahead: Coverage) -> str | None:
    """Return in words which of the organisation's own hours nobody covers; None where that is less than an hour."""
    if ahead.missing_from is None or ahead.missing < TOO_MUCH:
        return None
    start = ahead.missing_from.astimezone(WorkingHours.of(policy.hours).zone)
    hours = ahead.missing / timedelta(hours=1)
    return f"nobody of {policy.organisation} works in {hours:.3g} of its own hours, from {start:%a %d %b %H:%M %Z} on"


def promised_by(policy: Policy, urgency: str, raised_at: datetime) -> datetime:
    """Return until when the policy has a touch acknowledged: an urgent one by the clock, others in working hours."""
    escalation = policy.escalation
    if urgency == "urgent":
        return raised_at + timedelta(hours=escalation.urgent.acknowledge_within_hours)
    within = (escalation.soon if urgency == "soon" else escalation.routine).acknowledge_within_hours
    return WorkingHours.of(policy.hours).add(raised_at, within) or raised_at + timedelta(hours=within)
