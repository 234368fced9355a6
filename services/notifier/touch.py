"""One touch, from raised to ended: exactly one state at any time."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final, Literal

from shared.contracts import touch_facts
from shared.contracts.needs_touch import EARLIER_PER_CARE_LOAD, NeedsTouch, NeedsTouchMet, NeedsTouchWithdrawn
from shared.contracts.touch_facts import (
    Hold,
    Outcome,
    TouchAnnotated,
    TouchAssigned,
    TouchClaimed,
    TouchFact,
    TouchHeld,
    TouchReleased,
    TouchSettled,
    TouchWithdrawn,
    Verdict,
)
from shared.decider import Decider, Refused, Standing

Status = Literal["unknown", "raised", "held", "assigned", "claimed", "settled", "withdrawn"]
OPEN: Final[tuple[Status, ...]] = ("raised", "held", "assigned", "claimed")


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchRaised:
    """The need came in, or came in again with more reasons."""

    need: NeedsTouch


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedEnded:
    """The need ended while the touch was in somebody's hands: once they give it back, it ends, too.

    ``met`` when somebody of the team met it, ``responder`` when the roster knows them; else the cause was gone.
    """

    cause: str
    met: bool
    responder: str | None


# What is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTouch:
    """A need came in."""

    need: NeedsTouch


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTouch:
    """The roster granted the responder's capacity; a touch in somebody's hands stays there."""

    responder: str
    why: tuple[Verdict, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTouch:
    """Nobody could be given it; a touch in somebody's hands stays there."""

    hold: Hold
    why: tuple[Verdict, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A responder takes it into their hands; ``holder_left`` when whoever has it there is no responder any more."""

    responder: str
    revision: int
    at: datetime
    holder_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The responder gives it back."""

    responder: str
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The responder says how it ended."""

    responder: str
    revision: int
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """The cause is gone."""

    end: NeedsTouchWithdrawn
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meet:
    """Somebody of the team met the need on the platform; ``responder`` when the roster knows them."""

    end: NeedsTouchMet
    responder: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteHolderLeft:
    """The policy no longer knows the responder in whose hands it is."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptFact:
    """A fact that was published, and that the log has lost, is the touch's again; ``ended`` as it came with it."""

    fact: TouchFact
    ended: NeedEnded | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenBack:
    """Who gave the touch back, and when they last did."""

    responder: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchState:
    """What is known of one touch. ``revision`` counts its published facts; ``care_load`` is what was granted for it.

    ``need_ended`` is how its need ended while it was in somebody's hands.
    """

    need: NeedsTouch | None = None
    status: Status = "unknown"
    revision: int = 0
    responder: str | None = None
    hold: Hold | None = None
    care_load: int = 0
    given_back: tuple[GivenBack, ...] = ()
    need_ended: NeedEnded | None = None


def decide(command: Any, state: TouchState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to; raises Refused for what a person may not do."""
    match command:
        case RaiseTouch():
            known = state.need is not None and command.need.revision <= state.need.revision
            return () if known or state.status in {"settled", "withdrawn"} else (TouchRaised(need=command.need),)
        case Claim() | Release() | Settle():
            return _by_hand(command, state)
        case AdoptFact():
            if command.fact.revision <= state.revision:
                return ()
            return (command.fact, command.ended) if command.ended else (command.fact,)
        case _ if state.need is None or state.status not in OPEN:
            return ()
        case AssignTouch() if state.status != "claimed":
            fact = _fact(state, command.at)
            return (
                TouchAssigned(**fact, responder=command.responder, care_load=state.need.care_load, why=command.why),
            )
        case HoldTouch() if state.status != "claimed" and (state.status, state.hold) != ("held", command.hold):
            return (TouchHeld(**_fact(state, command.at), hold=command.hold, why=command.why),)
        case Withdraw():
            fact = _fact(state, command.at)
            if state.status == "claimed":
                note = f"the cause is gone: {command.end.cause}"
                return (
                    TouchAnnotated(**fact, note=note),
                    NeedEnded(cause=command.end.cause, met=False, responder=None),
                )
            return (TouchWithdrawn(**fact, cause=command.end.cause),)
        case Meet():
            return _meet(command, state)
        case NoteHolderLeft() if state.status == "claimed":
            note = f"{state.responder} is no longer among the responders: whoever claims it next has it"
            return (TouchAnnotated(**_fact(state, command.at), note=note),)
        case _:
            return ()


def _meet(command: Meet, state: TouchState) -> tuple[Any, ...]:
    fact = _fact(state, command.at)
    if state.status == "claimed" and state.responder != command.responder:
        who = command.responder or "somebody of the team"
        return (
            TouchAnnotated(**fact, note=f"{who} has answered on the platform"),
            NeedEnded(cause=command.end.cause, met=True, responder=command.responder),
        )
    return (TouchSettled(**fact, responder=command.responder, outcome="replied-on-platform", about=command.end.about),)


def _by_hand(command: Claim | Release | Settle, state: TouchState) -> tuple[Any, ...]:
    if state.need is None:
        raise Refused("unknown-touch", "there is no such touch: reload the queue")
    if state.status not in OPEN:
        raise Refused("already-ended", f"the touch is {state.status} already: nothing is left to do")
    if command.revision != state.revision:
        raise Refused(
            "stale-revision",
            f"the touch has changed since you saw it: it is {_now(state)} (revision {state.revision}). Look again.",
        )
    fact = _fact(state, command.at)
    if isinstance(command, Claim):
        if state.status == "claimed" and state.responder == command.responder:
            raise Refused("not-allowed", "the touch is in your hands already: release it, or settle it when it is done")
        if state.status == "claimed" and not command.holder_left:
            raise Refused("not-allowed", f"the touch is {_now(state)}: it can be claimed once they release it")
        return (TouchClaimed(**fact, responder=command.responder),)
    if state.responder != command.responder:
        raise Refused("not-allowed", f"the touch is {_now(state)}: claim it first")
    if isinstance(command, Release):
        return (TouchReleased(**fact, responder=command.responder), *_ended_before(state, command.at))
    return (TouchSettled(**fact, responder=command.responder, outcome=command.outcome, about=state.need.about),)


def _ended_before(state: TouchState, at: datetime) -> tuple[TouchFact, ...]:
    """Return the end of a touch that is given back after its need had ended: nobody else is asked for it."""
    ended = state.need_ended
    if ended is None or state.need is None:
        return ()
    fact = {**_fact(state, at), "revision": state.revision + 2}
    if not ended.met:
        return (TouchWithdrawn(**fact, cause=ended.cause),)
    settled = TouchSettled(**fact, responder=ended.responder, outcome="replied-on-platform", about=state.need.about)
    return (settled,)


def _now(state: TouchState) -> str:
    return (
        f"{state.status} by {state.responder}"
        if state.status == "claimed"
        else (f"assigned to {state.responder}" if state.status == "assigned" else state.status)
    )


def _fact(state: TouchState, at: datetime) -> dict[str, Any]:
    assert state.need is not None  # noqa: S101 -- asked only of a touch that was raised
    return {
        "touch": state.need.touch,
        "revision": state.revision + 1,
        "organisation": state.need.organisation,
        "community": state.need.community,
        "at": at,
    }


def evolve(state: TouchState, event: Any) -> TouchState:
    """Return the state after ``event``."""
    if isinstance(event, TouchRaised):
        status: Status = "raised" if state.need is None else state.status
        return replace(state, need=event.need, status=status, need_ended=None)
    if isinstance(event, TouchFact):
        state = replace(state, revision=event.revision)
    match event:
        case TouchAssigned():
            return replace(state, status="assigned", responder=event.responder, care_load=event.care_load, hold=None)
        case TouchHeld():
            return replace(state, status="held", responder=None, care_load=0, hold=event.hold)
        case TouchClaimed():
            # Who was assigned it keeps the weight that was granted, though the need may weigh more by now.
            weight = state.care_load if state.responder == event.responder else _weight(state)
            return replace(state, status="claimed", responder=event.responder, care_load=weight, hold=None)
        case TouchReleased():
            others = tuple(one for one in state.given_back if one.responder != event.responder)
            given_back = (*others, GivenBack(responder=event.responder, at=event.at))
            return replace(state, status="raised", responder=None, care_load=0, given_back=given_back)
        case NeedEnded():
            return replace(state, need_ended=event)
        case TouchSettled():
            return replace(state, status="settled", responder=event.responder, hold=None)
        case TouchWithdrawn():
            return replace(state, status="withdrawn", responder=None, hold=None)
        case _:
            return state


def _weight(state: TouchState) -> int:
    return state.need.care_load if state.need else 0


def held_line(organisation: str) -> str:
    """Return the line in which held touches of the organisation wait."""
    return f"held:{organisation}"


def unserved_line(organisation: str) -> str:
    """Return the line of touches that nobody serves: only another policy can help them."""
    return f"unserved:{organisation}"


def line_of(status: Literal["assigned", "claimed"], organisation: str, responder: str) -> str:
    """Return the line of what is assigned to a responder, or claimed by one: to be found when they leave."""
    return f"{status}:{organisation}:{responder}"


def standing(state: TouchState) -> Standing | None:
    """Open touches stand in line, oldest and heaviest first."""
    if state.need is None:
        return None
    organisation = state.need.organisation
    match state.status:
        case "held":
            line = unserved_line(organisation) if state.hold == "no-responder" else held_line(organisation)
        case "assigned" | "claimed":
            line = line_of(state.status, organisation, state.responder or "")
        case _:
            return None
    waited_from = state.need.since - state.need.care_load * EARLIER_PER_CARE_LOAD
    return Standing(line=line, rank=-waited_from.timestamp())


TOUCH: Final[Decider[TouchState]] = Decider(
    category="touch",
    initial=TouchState(),
    decide=decide,
    evolve=evolve,
    events=(TouchRaised, NeedEnded, *touch_facts.TOUCH_FACT_TYPES.values()),
    standing=standing,
)
