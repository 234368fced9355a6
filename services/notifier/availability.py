"""Who could take a touch now: hours, leave, segments, and never one's own."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from services.notifier.roster import Candidate
from shared.contracts.needs_touch import MemberRef, NeedsTouch
from shared.contracts.policy import Policy, Responder
from shared.contracts.touch_facts import Hold
from shared.working_hours import WorkingHours

LOOK_AGAIN: Final = timedelta(hours=1)
"""What waits is offered again at least so often."""


def candidates(policy: Policy, need: NeedsTouch, now: datetime) -> tuple[Candidate, ...]:
    """Return every responder of the policy as they stand for ``need``, in the policy's order."""
    return tuple(candidate(policy, responder, need, now) for responder in policy.responders)


def candidate(policy: Policy, responder: Responder, need: NeedsTouch, now: datetime) -> Candidate:
    """Return one responder as they stand for ``need``."""
    hold, why = _against(policy, responder, need, now)
    return Candidate(
        responder=responder.name,
        display_name=responder.display_name,
        limits=responder.limits or policy.limits,
        day=now.astimezone(_zone(policy, responder)).date().isoformat(),
        hold=hold,
        why=why,
    )


def is_about(responder: Responder, member: MemberRef) -> bool:
    """Tell whether the responder is the member."""
    return any((one.platform, one.id) == (member.platform, member.id) for one in responder.identities)


def responder_of(policy: Policy, member: MemberRef) -> str | None:
    """Return the name of the responder whose identity ``member`` is."""
    return next((responder.name for responder in policy.responders if is_about(responder, member)), None)


def find(policy: Policy, name: str) -> Responder | None:
    """Return the responder called ``name``."""
    return next((responder for responder in policy.responders if responder.name == name), None)


def within_hours(policy: Policy, responder: Responder, now: datetime) -> bool:
    """Tell whether the responder works now: within hours and not on leave."""
    return _hours(policy, responder).is_open(now) and not _on_leave(policy, responder, now)


def next_working_moment(policy: Policy, responder: Responder, now: datetime) -> datetime:
    """Return when the responder works next, leave left out of account; in an hour where they never do."""
    return _hours(policy, responder).next_opening(now) or now + LOOK_AGAIN


def look_again_at(policy: Policy, now: datetime) -> datetime:
    """Return when something may have changed for what waits: somebody's hours begin, or an hour has passed."""
    openings = [
        opening
        for responder in policy.responders
        if not (hours := _hours(policy, responder)).is_open(now) and (opening := hours.next_opening(now)) is not None
    ]
    return min([*openings, now + LOOK_AGAIN])


def _against(policy: Policy, responder: Responder, need: NeedsTouch, now: datetime) -> tuple[Hold | None, str]:
    if is_about(responder, need.member):
        return "no-responder", "the touch is about them"
    if responder.communities and need.community not in responder.communities:
        return "no-responder", f"does not serve the community {need.community}"
    if responder.segments and need.segment not in responder.segments:
        return "no-responder", f"does not serve the segment {need.segment}"
    if _on_leave(policy, responder, now):
        return "on-leave", "on leave"
    hours = _hours(policy, responder)
    if not hours.is_open(now):
        opening = hours.next_opening(now)
        until = f" until {opening.astimezone(hours.zone):%a %d %b %H:%M %Z}" if opening else ""
        return "outside-hours", f"outside working hours{until}"
    return None, ""


def _on_leave(policy: Policy, responder: Responder, now: datetime) -> bool:
    today = now.astimezone(_zone(policy, responder)).date().isoformat()
    return any(leave.first <= today <= leave.last for leave in responder.leave)


def _hours(policy: Policy, responder: Responder) -> WorkingHours:
    return WorkingHours.of(responder.hours or policy.hours)


def _zone(policy: Policy, responder: Responder) -> ZoneInfo:
    return _hours(policy, responder).zone
