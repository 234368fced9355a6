"""Who could take a touch now: hours, leave, segments, and never one's own."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import Final

from services.notifier.capacity import Candidate
from services.notifier.touch_state import GivenBack, NotTaken
from shared.contracts.needs_touch import MemberRef, NeedsTouch
from shared.contracts.policy import Leave, Policy, Responder
from shared.contracts.touch_facts import Hold
from shared.contracts.warmline_facts import PLATFORM
from shared.working_hours import WorkingHours

LOOK_AGAIN: Final = timedelta(hours=1)
"""What waits is offered again at least so often."""

Past = GivenBack | NotTaken
"""That somebody had a touch before, and did not keep it."""


def candidates(
    policy: Policy, need: NeedsTouch, now: datetime, past: tuple[Past, ...] = (), *, ever: bool = False
) -> tuple[Candidate, ...]:
    """Return every responder of the policy as they stand for ``need``, in the policy's order.

    Who has given it back or did not take it is not asked again before their next day; with ``ever``, who did not take
    it is not asked again at all.
    """
    here = _everybody_at(_Key(policy), now)
    return tuple(
        _stands(policy, responder, presence, need, past, ever=ever)
        for responder, presence in zip(policy.responders, here.presences, strict=True)
    )


def candidate(
    policy: Policy,
    responder: Responder,
    need: NeedsTouch,
    now: datetime,
    past: tuple[Past, ...] = (),
    *,
    ever: bool = False,
) -> Candidate:
    """Return one responder as they stand for ``need``."""
    return _stands(policy, responder, _presence(policy, responder, now), need, past, ever=ever)


def _stands(
    policy: Policy, responder: Responder, presence: _Presence, need: NeedsTouch, past: tuple[Past, ...], *, ever: bool
) -> Candidate:
    hold, why = _against_need(responder, need)
    if hold is None and ever:
        hold, why = _against_past(policy, responder, past, None)
    if hold is None:
        hold, why = presence.hold, presence.why
    if hold is None:
        hold, why = _against_past(policy, responder, past, presence.day)
    return _candidate(policy, responder, presence.day, hold, why)


def anybody(policy: Policy, now: datetime) -> tuple[Candidate, ...]:
    """Return every responder of the policy as they stand for whatever may come."""
    present = zip(policy.responders, _everybody_at(_Key(policy), now).presences, strict=True)
    return tuple(_candidate(policy, responder, one.day, one.hold, one.why) for responder, one in present)


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
    """Return the name of the responder whose identity ``member`` is; of Warmline's own, the name itself is the id."""
    if member.platform == PLATFORM:
        return member.id if find(policy, member.id) else None
    return next((responder.name for responder in policy.responders if is_about(responder, member)), None)


def find(policy: Policy, name: str) -> Responder | None:
    """Return the responder called ``name``."""
    return next((responder for responder in policy.responders if responder.name == name), None)


def within_hours(policy: Policy, responder: Responder, now: datetime) -> bool:
    """Tell whether the responder works now: within hours and not on leave."""
    return _presence(policy, responder, now).hold is None


def day_of(policy: Policy, responder: Responder, moment: datetime) -> str:
    """Return the responder's date at ``moment``."""
    return _presence(policy, responder, moment).day


def next_working_moment(policy: Policy, responder: Responder, now: datetime) -> datetime:
    """Return when the responder works next, now if they do; in an hour where they never do."""
    return _presence(policy, responder, now).opening or now + LOOK_AGAIN


def look_again_at(policy: Policy, now: datetime) -> datetime:
    """Return when something may have changed for what waits: somebody's hours begin, or an hour has passed."""
    return _everybody_at(_Key(policy), now).look_again


def _against_need(responder: Responder, need: NeedsTouch) -> tuple[Hold | None, str]:
    if responder.identities and is_about(responder, need.member):
        return "no-responder", "the touch is about them"
    if responder.communities and need.community not in responder.communities:
        return "no-responder", f"does not serve the community {need.community}"
    if responder.segments and need.segment not in responder.segments:
        return "no-responder", f"does not serve the segment {need.segment}"
    return None, ""


def _against_past(
    policy: Policy, responder: Responder, past: tuple[Past, ...], day: str | None
) -> tuple[Hold | None, str]:
    """Return what the responder's past with the touch says against them: on ``day``, or what counts for ever."""
    for one in past:
        if one.responder != responder.name:
            continue
        if isinstance(one, NotTaken) and (day is None or _presence(policy, responder, one.at).day == day):
            return "not-taken", "did not take it"
        if isinstance(one, GivenBack) and _presence(policy, responder, one.at).day == day:
            return "given-back", "has given it back today"
    return None, ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Presence:
    """How a person's hours and leave stand at a moment; ``opening`` is when they work next, the moment if they do."""

    day: str
    opening: datetime | None
    hold: Hold | None = None
    why: str = ""


class _Key:
    """A policy as a key, equal to itself alone: to compare what two say takes longer than what is kept by it."""

    __slots__ = ("policy",)

    def __init__(self, policy: Policy) -> None:
        self.policy = policy

    def __hash__(self) -> int:
        return id(self.policy)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self.policy is other.policy


@dataclass(frozen=True, slots=True, kw_only=True)
class _Everybody:
    """How all responders' hours and leave stand at a moment, in the policy's order, and when to ask again."""

    presences: tuple[_Presence, ...]
    look_again: datetime


@lru_cache(maxsize=64)
def _everybody_at(key: _Key, now: datetime) -> _Everybody:
    """Return what all touches of a batch have in common."""
    presences = tuple(_presence(key.policy, responder, now) for responder in key.policy.responders)
    openings = (one.opening for one in presences)
    soon = now + LOOK_AGAIN
    return _Everybody(
        presences=presences, look_again=min([soon, *(moment for moment in openings if moment and moment > now)])
    )


def _presence(policy: Policy, responder: Responder, now: datetime) -> _Presence:
    return _present(WorkingHours.of(responder.hours or policy.hours), responder.leave, now)


@lru_cache(maxsize=1024)
def _present(hours: WorkingHours, leaves: tuple[Leave, ...], now: datetime) -> _Presence:
    today = now.astimezone(hours.zone).date()
    day = today.isoformat()
    opening = _opening(hours, leaves, now)
    leave = _leave_on(leaves, day)
    if leave is not None:
        return _Presence(day=day, opening=opening, hold="on-leave", why=f"on leave until {leave.last}")
    if opening == now:
        return _Presence(day=day, opening=opening)
    until = f" until {opening.astimezone(hours.zone):%a %d %b %H:%M %Z}" if opening else ""
    why = "a holiday or closed day" if hours.is_free(today) else "outside working hours"
    return _Presence(day=day, opening=opening, hold="outside-hours", why=f"{why}{until}")


def _opening(hours: WorkingHours, leaves: tuple[Leave, ...], now: datetime) -> datetime | None:
    moment = now
    with contextlib.suppress(OverflowError):  # leave until 9999-12-31 has no day after it
        while (opening := hours.next_opening(moment)) is not None:
            leave = _leave_on(leaves, opening.astimezone(hours.zone).date().isoformat())
            if leave is None:
                return opening
            after = date.fromisoformat(leave.last) + timedelta(days=1)
            moment = datetime.combine(after, time(), tzinfo=hours.zone)
    return None


def _leave_on(leaves: tuple[Leave, ...], day: str) -> Leave | None:
    return next((leave for leave in leaves if leave.first <= day <= leave.last), None)
