"""The roster of one organisation: how much its people carry, and when what waits is offered again."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.notifier.capacity import Candidate, Load, on_day, over_limit
from shared.decider import Deadline, Decider, Place, Refused

DRAIN: Final = "drain"
_CARE_KEPT: Final = 32
"""What is told of care, and of the touch that it met, comes by two streams in any order, but not far apart."""


# What happened


class CapacityGranted(Struct, frozen=True, kw_only=True, gc=False):
    """The responder carries one touch more; ``by_themselves`` when they took it rather than were given it."""

    touch: str
    responder: str
    care_load: int
    day: str
    by_themselves: bool


class CapacityGrown(Struct, frozen=True, kw_only=True, gc=False):
    """A touch that the responder was given weighs so much more."""

    touch: str
    responder: str
    care_load: int


class CapacityReleased(Struct, frozen=True, kw_only=True, gc=False):
    """The responder carries one touch less."""

    touch: str
    responder: str
    care_load: int


class CareCounted(Struct, frozen=True, kw_only=True, gc=False):
    """The responder cared for somebody about whom they had no touch: what ``care`` tells of is one of the day's."""

    care: str
    responder: str
    day: str


class CareOfTouch(Struct, frozen=True, kw_only=True, gc=False):
    """What ``care`` tells of was for a touch that the responder had, with which it counts."""

    care: str
    responder: str


class DrainArranged(Struct, frozen=True, kw_only=True, gc=False):
    """What waits is offered again at ``due``, from the head; ``unserved`` when also what nobody served before."""

    due: datetime
    unserved: bool = False


class Drained(Struct, frozen=True, kw_only=True, gc=False):
    """What waited was offered; ``next_due`` when some of it still waits.

    ``complete`` when the line was seen to its end; ``reached`` is how far it was seen when the rest follows at once.
    """

    next_due: datetime | None
    reached: Place | None = None
    complete: bool = True


# What is asked


class GrantCapacity(Struct, frozen=True, kw_only=True, gc=False):
    """Give the touch to the candidate; refused where that would exceed a limit, unless they take it themselves."""

    touch: str
    candidate: Candidate
    care_load: int
    by_themselves: bool = False


class GrowCapacity(Struct, frozen=True, kw_only=True, gc=False):
    """A touch that the candidate was given weighs so much more.

    Nothing follows where that would exceed their limit, unless they carry nothing else.
    """

    touch: str
    candidate: Candidate
    care_load: int


class ReleaseCapacity(Struct, frozen=True, kw_only=True, gc=False):
    """The touch is no longer the responder's."""

    touch: str
    responder: str
    care_load: int


class CountCare(Struct, frozen=True, kw_only=True, gc=False):
    """The responder cared for somebody on ``day``, as ``care`` tells, and had no touch about them."""

    care: str
    responder: str
    day: str


class NoteCareOfTouch(Struct, frozen=True, kw_only=True, gc=False):
    """A touch that the responder had was met by what ``care`` tells of."""

    care: str
    responder: str


class AdoptCapacity(Struct, frozen=True, kw_only=True, gc=False):
    """What a fact that the log has lost and got back had changed in what people carry."""

    changes: tuple[CapacityGranted | CapacityReleased, ...]


class LookAgain(Struct, frozen=True, kw_only=True, gc=False):
    """Something waits: offer it at ``due`` at the latest."""

    due: datetime


class OfferAgain(Struct, frozen=True, kw_only=True, gc=False):
    """Something has changed for what waits: offer it now, from the head; ``unserved`` when the policy has changed."""

    at: datetime
    unserved: bool = False


class FinishDrain(Struct, frozen=True, kw_only=True, gc=False):
    """What waited was offered: to the end when ``complete``, else to ``reached`` if it is to be gone on there."""

    next_due: datetime | None
    reached: Place | None = None
    complete: bool = True


class RosterState(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of the organisation's people.

    ``drain_reached`` is how far a drain that is under way has come, and ``unserved`` whether it looks at what nobody
    served, too.
    """

    loads: tuple[Load, ...] = ()
    drain_due: datetime | None = None
    drain_reached: Place | None = None
    unserved: bool = False

    def load_of(self, responder: str) -> Load:
        """Return what ``responder`` carries."""
        return next((load for load in self.loads if load.responder == responder), Load(responder=responder))


def decide(command: Any, state: RosterState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to; raises Refused where a limit would be exceeded."""
    match command:
        case GrantCapacity():
            over = over_limit(state.load_of(command.candidate.responder), command.candidate, command.care_load)
            if over and not command.by_themselves:
                raise Refused("over-limit", f"{command.candidate.display_name} is {over}")
            return (
                CapacityGranted(
                    touch=command.touch,
                    responder=command.candidate.responder,
                    care_load=command.care_load,
                    day=command.candidate.day,
                    by_themselves=command.by_themselves,
                ),
            )
        case GrowCapacity(candidate=candidate):
            load = state.load_of(candidate.responder)
            if load.touches > 1 and load.care_load + command.care_load > candidate.limits.care_load:
                return ()
            return (CapacityGrown(touch=command.touch, responder=candidate.responder, care_load=command.care_load),)
        case ReleaseCapacity():
            return (CapacityReleased(touch=command.touch, responder=command.responder, care_load=command.care_load),)
        case CountCare() | NoteCareOfTouch():
            return _care(command, state.load_of(command.responder))
        case AdoptCapacity():
            return command.changes
        case LookAgain() if state.drain_due is None or command.due < state.drain_due:
            return (DrainArranged(due=command.due),)
        case OfferAgain():
            return _offer_again(command, state)
        case FinishDrain():
            return (Drained(next_due=command.next_due, reached=command.reached, complete=command.complete),)
        case _:
            return ()


def _care(command: CountCare | NoteCareOfTouch, load: Load) -> tuple[Any, ...]:
    if command.care in load.of_touches:
        return ()
    if isinstance(command, NoteCareOfTouch):
        return (CareOfTouch(care=command.care, responder=command.responder),)
    of_a_day_before = command.day < load.day
    return () if of_a_day_before else (CareCounted(care=command.care, responder=command.responder, day=command.day),)


def _offer_again(command: OfferAgain, state: RosterState) -> tuple[Any, ...]:
    more = command.unserved and not state.unserved
    if state.drain_due is None or command.at < state.drain_due or state.drain_reached is not None or more:
        due = command.at if state.drain_due is None else min(command.at, state.drain_due)
        return (DrainArranged(due=due, unserved=command.unserved),)
    return ()


def evolve(state: RosterState, event: Any) -> RosterState:
    """Return the state after ``event``."""
    match event:
        case CapacityGranted():
            load = on_day(state.load_of(event.responder), event.day)
            return _with_load(
                state,
                replace(
                    load,
                    care_load=load.care_load + event.care_load,
                    touches=load.touches + 1,
                    granted=load.granted + 1,
                ),
            )
        case CapacityReleased():
            load = state.load_of(event.responder)
            return _with_load(
                state,
                replace(
                    load,
                    care_load=max(0, load.care_load - event.care_load),
                    touches=max(0, load.touches - 1),
                ),
            )
        case CapacityGrown():
            load = state.load_of(event.responder)
            return _with_load(state, replace(load, care_load=load.care_load + event.care_load))
        case CareCounted():
            load = on_day(state.load_of(event.responder), event.day)
            cared = (*load.cared, event.care)[-_CARE_KEPT:]
            return _with_load(state, replace(load, granted=load.granted + 1, cared=cared))
        case CareOfTouch():
            return _with_load(state, _of_touch(state.load_of(event.responder), event.care))
        case DrainArranged():
            return replace(state, drain_due=event.due, drain_reached=None, unserved=state.unserved or event.unserved)
        case Drained():
            return replace(
                state,
                drain_due=event.next_due,
                drain_reached=event.reached,
                unserved=state.unserved and not event.complete,
            )
        case _:
            return state


def _of_touch(load: Load, care: str) -> Load:
    if care in load.cared:
        cared = tuple(one for one in load.cared if one != care)
        load = replace(load, granted=max(0, load.granted - 1), cared=cared)
    return replace(load, of_touches=(*load.of_touches, care)[-_CARE_KEPT:])


def _with_load(state: RosterState, load: Load) -> RosterState:
    others = [one for one in state.loads if one.responder != load.responder]
    return replace(state, loads=tuple(sorted([*others, load], key=lambda one: one.responder)))


def deadlines(state: RosterState) -> tuple[Deadline, ...]:
    """What waits is offered again when the time has come."""
    return (Deadline(name=DRAIN, due=state.drain_due),) if state.drain_due is not None else ()


ROSTER: Final[Decider[RosterState]] = Decider(
    category="roster",
    initial=RosterState(),
    decide=decide,
    evolve=evolve,
    events=(CapacityGranted, CapacityGrown, CapacityReleased, CareCounted, CareOfTouch, DrainArranged, Drained),
    deadlines=deadlines,
)
