"""Who could take a touch now: hours, leave, segments, and never one's own."""

from __future__ import annotations

import contextlib
from datetime import date, datetime, time, timedelta
from typing import Final

from services.notifier.capacity import Candidate
from services.notifier.touch import GivenBack
from shared.contracts.needs_touch import MemberRef, NeedsTouch
from shared.contracts.policy import Leave, Policy, Responder
from shared.contracts.touch_facts import Hold
from shared.working_hours import WorkingHours

LOOK_AGAIN: Final = timedelta(hours=1)
"""What waits is offered again at least so often."""


def candidates(
    policy: Policy, need: NeedsTouch, now: datetime, given_back: tuple[GivenBack, ...] = ()
) -> tuple[Candidate, ...]:
    """Return every responder of the policy as they stand for ``need``, in the policy's order.

    Who has given it back is not asked again before their next day.
    """
    return tuple(candidate(policy, responder, need, now, given_back) for responder in policy.responders)


def candidate(
    policy: Policy, responder: Responder, need: NeedsTouch, now: datetime, given_back: tuple[GivenBack, ...] = ()
) -> Candidate:
    """Return one responder as they stand for ``need``."""
    hold, why = _against_need(responder, need)
    if hold is None:
        hold, why = _against_moment(policy, responder, now)
    day = _day(policy, responder, now)
    if hold is None and any(
        one.responder == responder.name and _day(policy, responder, one.at) == day for one in given_back
    ):
        hold, why = "given-back", "has given it back today"
    return _candidate(policy, responder, day, hold, why)


def anybody(policy: Policy, now: datetime) -> tuple[Candidate, ...]:
    """Return every responder of the policy as they stand for whatever may come."""
    return tuple(
        _candidate(policy, responder, _day(policy, responder, now), *_against_moment(policy, responder, now))
        for responder in policy.responders
    )


def _candidate(policy: Policy, responder: Responder, day: str, hold: Hold | None, why: str) -> Candidate:
    return Candidate(
        responder=responder.name,
        display_name=responder.display_name,
        limits=responder.limits or policy.limits,
        day=day,
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
    return _against_moment(policy, responder, now)[0] is None


def next_working_moment(policy: Policy, responder: Responder, now: datetime) -> datetime:
    """Return when the responder works next, now if they do; in an hour where they never do."""
    return _opening(policy, responder, now) or now + LOOK_AGAIN


def look_again_at(policy: Policy, now: datetime) -> datetime:
    """Return when something may have changed for what waits: somebody's hours begin, or an hour has passed."""
    moments = (next_working_moment(policy, responder, now) for responder in policy.responders)
    return min([now + LOOK_AGAIN, *(moment for moment in moments if moment > now)])


def _opening(policy: Policy, responder: Responder, now: datetime) -> datetime | None:
    hours = _hours(policy, responder)
    moment = now
    with contextlib.suppress(OverflowError):  # leave until 9999-12-31 has no day after it
        while (opening := hours.next_opening(moment)) is not None:
            leave = _leave_on(responder, opening.astimezone(hours.zone).date().isoformat())
            if leave is None:
                return opening
            after = date.fromisoformat(leave.last) + timedelta(days=1)
            moment = datetime.combine(after, time(), tzinfo=hours.zone)
    return None


def _against_need(responder: Responder, need: NeedsTouch) -> tuple[Hold | None, str]:
    if is_about(responder, need.member):
        return "no-responder", "the touch is about them"
    if responder.communities and need.community not in responder.communities:
        return "no-responder", f"does not serve the community {need.community}"
    if responder.segments and need.segment not in responder.segments:
        return "no-responder", f"does not serve the segment {need.segment}"
    return None, ""


def _against_moment(policy: Policy, responder: Responder, now: datetime) -> tuple[Hold | None, str]:
    leave = _leave_on(responder, _day(policy, responder, now))
    if leave is not None:
        return "on-leave", f"on leave until {leave.last}"
    hours = _hours(policy, responder)
    if not hours.is_open(now):
        opening = _opening(policy, responder, now)
        until = f" until {opening.astimezone(hours.zone):%a %d %b %H:%M %Z}" if opening else ""
        return "outside-hours", f"outside working hours{until}"
    return None, ""


def _leave_on(responder: Responder, day: str) -> Leave | None:
    return next((leave for leave in responder.leave if leave.first <= day <= leave.last), None)


def _hours(policy: Policy, responder: Responder) -> WorkingHours:
    return WorkingHours.of(responder.hours or policy.hours)


def _day(policy: Policy, responder: Responder, moment: datetime) -> str:
    return moment.astimezone(_hours(policy, responder).zone).date().isoformat()
