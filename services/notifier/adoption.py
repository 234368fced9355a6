"""Adoption: what the log had published and lost becomes part of it again, with what each fact implies.

A fact is taken as it is: who was given what is not decided a second time. Capacity follows from who carries a touch
before and after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from services.notifier.availability import candidate, find, responder_of
from services.notifier.looks import arrange_looks
from services.notifier.offering import offer
from services.notifier.policy_in_force import TakePolicy
from services.notifier.roster import AdoptCapacity, CapacityGranted, CapacityReleased, OfferAgain
from services.notifier.streams import policy_stream, roster_stream, touch_stream
from services.notifier.touch import MET_ELSEWHERE, MET_ON_PLATFORM
from services.notifier.touch_commands import AdoptFact, RaiseTouch
from services.notifier.touch_state import OPEN, NeedEnded, TouchState
from shared.contracts.needs_touch import (
    NeedsTouch,
    NeedsTouchEvent,
    NeedsTouchMet,
    NeedsTouchRevised,
    NeedsTouchWithdrawn,
)
from shared.contracts.policy import Policy
from shared.contracts.touch_facts import TouchAnnotated, TouchClaimed, TouchFact, TouchSettled
from shared.contracts.warmline_facts import PolicyAdopted
from shared.workspace import Workspace

_CARRIED: Final = frozenset({"assigned", "claimed"})


class UnknownTouchError(Exception):
    """A fact about a touch that nothing in TOUCHES raises: it cannot be adopted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What TOUCHES says about a touch: the message's key, when it was stored, and the event."""

    key: str
    stored: datetime
    event: NeedsTouchEvent


def adopt_policy(organisation: str, adopted: PolicyAdopted, work: Workspace) -> None:
    """Take a policy as it was taken before; what it led to is among the facts."""
    work.decide(policy_stream(organisation), TakePolicy(version=adopted.version, policy=adopted.policy))


def adopt_fact(fact: TouchFact, told: Sequence[Told], work: Workspace) -> str | None:
    """Take ``fact`` in unless it is known; return the key of the message that it took in, where that is certain.

    ``told`` is what TOUCHES says of its touch, in order. Raises UnknownTouchError.
    """
    stream = touch_stream(fact.touch)
    known: TouchState = work.state(stream)
    if fact.revision <= known.revision:
        return None
    for need in _needs_before(fact, told, known):
        work.decide(stream, RaiseTouch(need=need))
    before: TouchState = work.state(stream)
    if before.need is None:
        raise UnknownTouchError(fact.touch)
    cause = _cause(fact, told)
    ended = _need_ended(cause, work) if cause is not None else None
    work.decide(stream, AdoptFact(fact=fact, ended=ended))
    changes = _capacity(fact, before, work.state(stream), work)
    if changes:
        work.decide(roster_stream(fact.organisation), AdoptCapacity(changes=changes))
    return cause.key if cause is not None else None


def offer_what_waits(organisation: str, touches: Sequence[str], work: Workspace) -> None:
    """Offer what stands raised with nobody asked, and soon all that is held; look after what nobody has claimed."""
    for touch in touches:
        state: TouchState = work.state(touch_stream(touch))
        if state.need is None or state.status not in OPEN:
            continue
        if state.status == "raised":
            offer(state.need, work.now, work)
        else:
            arrange_looks(state.need, work.now, work)
    work.decide(roster_stream(organisation), OfferAgain(at=work.now, unserved=True))


def _needs_before(fact: TouchFact, told: Sequence[Told], known: TouchState) -> list[NeedsTouch]:
    said = [(_need_in(one.event), one.stored) for one in told]
    needs = [(need, stored) for need, stored in said if need is not None]
    return [need for place, (need, stored) in enumerate(needs) if stored <= fact.at or (place == 0 and not known.need)]


def _need_in(event: NeedsTouchEvent) -> NeedsTouch | None:
    if isinstance(event, NeedsTouchRevised):
        return event.remains
    return event if isinstance(event, NeedsTouch) else None


def _cause(fact: TouchFact, told: Sequence[Told]) -> Told | None:
    """Return the end of a need that annotated a touch in somebody's hands; None for any other fact."""
    if not isinstance(fact, TouchAnnotated):
        return None
    ends = [one for one in told if not isinstance(one.event, NeedsTouch) and one.stored <= fact.at]
    for one in reversed(ends):
        if isinstance(one.event, NeedsTouchWithdrawn) and fact.note == f"the cause is gone: {one.event.cause}":
            return one
        if isinstance(one.event, NeedsTouchMet) and fact.note.endswith((MET_ON_PLATFORM, MET_ELSEWHERE)):
            return one
    return None


def _need_ended(cause: Told, work: Workspace) -> NeedEnded:
    end = cause.event
    if not isinstance(end, NeedsTouchMet):
        return NeedEnded(cause=end.cause if isinstance(end, NeedsTouchWithdrawn) else "", met=False, responder=None)
    policy: Policy | None = work.state(policy_stream(end.organisation)).policy
    return NeedEnded(cause=end.cause, met=True, responder=responder_of(policy, end.by) if policy else None)


def _capacity(
    fact: TouchFact, before: TouchState, after: TouchState, work: Workspace
) -> tuple[CapacityGranted | CapacityReleased, ...]:
    changes: list[CapacityGranted | CapacityReleased] = []
    had, has = _carrier(before), _carrier(after)
    if had != has:
        if had is not None:
            changes.append(CapacityReleased(touch=fact.touch, responder=had[0], care_load=had[1]))
        if has is not None:
            changes.append(_granted(fact, *has, before, work, by_themselves=isinstance(fact, TouchClaimed)))
    replied = isinstance(fact, TouchSettled) and fact.outcome == "replied-on-platform"
    giver = fact.responder if isinstance(fact, TouchSettled) and replied else None
    if giver is not None and before.need is not None and giver != before.responder:
        # Care given unasked counts to the day of who gave it; that elsewhere by the fact that tells of it.
        load = before.need.care_load
        changes.append(_granted(fact, giver, load, before, work, by_themselves=True))
        changes.append(CapacityReleased(touch=fact.touch, responder=giver, care_load=load))
    return tuple(changes)


def _carrier(touch: TouchState) -> tuple[str, int] | None:
    if touch.status not in _CARRIED or touch.responder is None:
        return None
    return touch.responder, touch.care_load


def _granted(
    fact: TouchFact, responder: str, care_load: int, touch: TouchState, work: Workspace, *, by_themselves: bool
) -> CapacityGranted:
    policy: Policy | None = work.state(policy_stream(fact.organisation)).policy
    known = find(policy, responder) if policy else None
    day = fact.at.date().isoformat()
    if policy and known and touch.need:
        day = candidate(policy, known, touch.need, fact.at).day
    return CapacityGranted(
        touch=fact.touch, responder=responder, care_load=care_load, day=day, by_themselves=by_themselves
    )
