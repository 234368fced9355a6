"""The roster of one organisation: who may be asked, how much they carry, and when what waits is offered again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from shared.contracts.policy import Limits, Policy
from shared.contracts.touch_facts import Hold, Verdict
from shared.decider import Deadline, Decider, Refused

DRAIN: Final = "drain"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A responder as seen for one touch now. ``hold`` is what stands against them; ``day`` is their date."""

    responder: str
    display_name: str
    limits: Limits
    day: str
    hold: Hold | None = None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Who gets a touch, or why nobody does."""

    responder: str | None
    hold: Hold | None
    why: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What a responder carries, and how many touches they were given on ``day``."""

    responder: str
    care_load: int = 0
    touches: int = 0
    day: str = ""
    granted: int = 0


# What happened


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterPolicyTaken:
    """From here on this policy says who may be asked."""

    organisation: str
    version: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityGranted:
    """The responder carries one touch more; ``by_themselves`` when they took it rather than were given it."""

    touch: str
    responder: str
    care_load: int
    day: str
    by_themselves: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CapacityReleased:
    """The responder carries one touch less."""

    touch: str
    responder: str
    care_load: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainArranged:
    """What waits is offered again at ``due``."""

    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """What waited was offered; ``next_due`` when some of it still waits."""

    next_due: datetime | None


# What is asked


@dataclass(frozen=True, slots=True, kw_only=True)
class TakePolicy:
    """A policy was adopted."""

    organisation: str
    version: str
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantCapacity:
    """Give the touch to the candidate; refused where that would exceed a limit, unless they take it themselves."""

    touch: str
    candidate: Candidate
    care_load: int
    by_themselves: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseCapacity:
    """The touch is no longer the responder's."""

    touch: str
    responder: str
    care_load: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeDrain:
    """Offer what waits at ``due``, or earlier if that was arranged."""

    due: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishDrain:
    """What waited was offered."""

    next_due: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterState:
    """What is known of the organisation's people."""

    organisation: str = ""
    policy: Policy | None = None
    policy_version: str = ""
    loads: tuple[Load, ...] = ()
    drain_due: datetime | None = None

    def load_of(self, responder: str) -> Load:
        """Return what ``responder`` carries."""
        return next((load for load in self.loads if load.responder == responder), Load(responder=responder))


def choose(state: RosterState, candidates: tuple[Candidate, ...], care_load: int) -> Choice:
    """Return who gets a touch of ``care_load``: least care load first, then fewest touches, fewest today, by name."""
    verdicts: list[Verdict] = []
    able: list[Candidate] = []
    holds: set[Hold] = set()
    for candidate in candidates:
        over = _over_limit(state, candidate, care_load) if candidate.hold is None else None
        hold: Hold | None = "over-limit" if over else candidate.hold
        if hold is None:
            able.append(candidate)
        else:
            holds.add(hold)
            verdicts.append(Verdict(responder=candidate.responder, chosen=False, why=over or candidate.why))
    if not able:
        order: tuple[Hold, ...] = ("over-limit", "outside-hours", "on-leave", "no-responder")
        return Choice(
            responder=None, hold=next((hold for hold in order if hold in holds), "no-responder"), why=tuple(verdicts)
        )
    ranked = sorted(able, key=lambda candidate: _rank(state, candidate))
    best = ranked[0]
    words = [f"carries {_carries(state, one)}" for one in ranked]
    chosen = Verdict(responder=best.responder, chosen=True, why=f"available, {words[0]}: the least of those available")
    others = [
        Verdict(responder=one.responder, chosen=False, why=f"available, {word}")
        for one, word in zip(ranked[1:], words[1:], strict=True)
    ]
    return Choice(responder=best.responder, hold=None, why=(chosen, *others, *verdicts))


def _rank(state: RosterState, candidate: Candidate) -> tuple[int, int, int, str]:
    load = state.load_of(candidate.responder)
    return (load.care_load, load.touches, _granted_on(load, candidate.day), candidate.responder)


def _carries(state: RosterState, candidate: Candidate) -> str:
    load = state.load_of(candidate.responder)
    return f"{load.care_load} of {candidate.limits.care_load} care load"


def _granted_on(load: Load, day: str) -> int:
    return load.granted if load.day == day else 0


def _over_limit(state: RosterState, candidate: Candidate, care_load: int) -> str | None:
    load, limits = state.load_of(candidate.responder), candidate.limits
    if load.care_load + care_load > limits.care_load:
        return f"at the limit: carries {load.care_load} of {limits.care_load} care load, and this weighs {care_load}"
    if load.touches >= limits.touches:
        return f"at the limit: has {load.touches} of {limits.touches} touches"
    granted = _granted_on(load, candidate.day)
    if granted >= limits.touches_per_day:
        return f"at the limit: was given {granted} of {limits.touches_per_day} touches today"
    return None


def decide(command: Any, state: RosterState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to; raises Refused where a limit would be exceeded."""
    match command:
        case TakePolicy() if command.version != state.policy_version:
            return (
                RosterPolicyTaken(organisation=command.organisation, version=command.version, policy=command.policy),
            )
        case GrantCapacity():
            over = _over_limit(state, command.candidate, command.care_load)
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
        case ReleaseCapacity():
            return (CapacityReleased(touch=command.touch, responder=command.responder, care_load=command.care_load),)
        case ArrangeDrain() if state.drain_due is None or command.due < state.drain_due:
            return (DrainArranged(due=command.due),)
        case FinishDrain():
            return (Drained(next_due=command.next_due),)
        case _:
            return ()


def evolve(state: RosterState, event: Any) -> RosterState:
    """Return the state after ``event``."""
    match event:
        case RosterPolicyTaken():
            return replace(state, organisation=event.organisation, policy=event.policy, policy_version=event.version)
        case CapacityGranted():
            load = state.load_of(event.responder)
            return _with_load(
                state,
                replace(
                    load,
                    care_load=load.care_load + event.care_load,
                    touches=load.touches + 1,
                    day=event.day,
                    granted=_granted_on(load, event.day) + 1,
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
        case DrainArranged():
            return replace(state, drain_due=event.due)
        case Drained():
            return replace(state, drain_due=event.next_due)
        case _:
            return state


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
    events=(RosterPolicyTaken, CapacityGranted, CapacityReleased, DrainArranged, Drained),
    deadlines=deadlines,
)
