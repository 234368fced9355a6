"""One gathering: what is planned, who said that they come, who came, and when somebody is handed a list of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage import needs
from services.triage.needs import (
    NEED_EVENTS,
    Circumstances,
    CloseNeed,
    HoldsNeeds,
    NeedGone,
    PassNeed,
    raised,
    standing_for,
    withdrawn,
)
from services.triage.reasons.gathering import (
    FIRST,
    REMINDER,
    Guests,
    Plan,
    Registration,
    coming,
    figures,
    first_there,
)
from services.triage.reasons.ritual import NO_LONGER_NEWS, RITUAL, Entry, with_entry
from shared.contracts.needs_touch import Evidence, MemberRef, NeedsTouch, Scalar, TouchReason
from shared.decider import Deadline, Decider

GATHERING: Final = "gathering"
HOST_DECLINED: Final = "host_asked_not_to_be_contacted"
"""What says so among the values of the list before it."""

_CALLED_OFF: Final = "calling it off: a list is made before every gathering"
_NO_NEWCOMERS: Final = "a gathering without newcomers"


class GatheringPlanned(Struct, frozen=True, kw_only=True, gc=False):
    """This is what holds of the gathering; it is looked at ``due``."""

    plan: Plan
    due: datetime | None


class GuestRegistered(Struct, frozen=True, kw_only=True, gc=False):
    """A member said whether they come."""

    registration: Registration


class GuestCame(Struct, frozen=True, kw_only=True, gc=False):
    """A member was there; the gathering is looked at ``due``."""

    entry: Entry
    due: datetime | None


class GatheringLookedAt(Struct, frozen=True, kw_only=True, gc=False):
    """The gathering's time came, and comes again at ``due``.

    ``reminded`` when somebody was handed who comes, ``closed`` when nothing more is asked for.
    """

    at: datetime
    due: datetime | None
    reminded: bool = False
    closed: bool = False


class NotePlan(Struct, frozen=True, kw_only=True, gc=False):
    """The gathering is planned, changed or called off; by the policy it is looked at ``due``."""

    plan: Plan
    due: datetime


class NoteRegistration(Struct, frozen=True, kw_only=True, gc=False):
    """A member said whether they come."""

    registration: Registration


class NoteGuest(Struct, frozen=True, kw_only=True, gc=False):
    """A member was there."""

    entry: Entry


class LookAtGathering(Struct, frozen=True, kw_only=True, gc=False):
    """The gathering's time has come: as of ``seen.due`` its list is asked for, before it begins or after it is over.

    ``community`` stands in place of a member. ``wanted`` when the policy asks for that list.
    """

    seen: Circumstances
    community: MemberRef
    wanted: bool
    guests: Guests
    at_most: int
    host_declined: bool = False


class GatheringState(HoldsNeeds, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """What is known of a gathering, and when it is looked at next.

    ``reminded`` is the beginning before which somebody was handed a list; at ``closed`` the last one was looked at,
    and what its guests did is forgotten.
    """

    plan: Plan | None = None
    registered: tuple[Registration, ...] = ()
    came: tuple[Entry, ...] = ()
    due: datetime | None = None
    reminded: datetime | None = None
    closed: datetime | None = None

    @property
    def begins(self) -> datetime | None:
        """When it begins, as far as that is known: nobody is known to have come before."""
        return (
            self.plan.starts_at
            if self.plan is not None
            else max((one.evidence.time for one in self.came), default=None)
        )


def reminder(state: GatheringState) -> TouchReason | NeedsTouch | None:
    """Return the need of the list before the gathering, if it stands."""
    stands = standing_for(state, RITUAL)
    return stands if stands is not None and stands.values["list"] == REMINDER else None


def decide(command: Any, state: GatheringState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NotePlan() if command.plan.is_later_than(state.plan):
            return _plan(command, state)
        case NoteRegistration() if _is_news(command.registration.evidence, state):
            after = with_entry(state.registered, command.registration, 1)
            return (GuestRegistered(registration=command.registration),) if after != state.registered else ()
        case NoteGuest() if _is_news(command.entry.evidence, state):
            due = command.entry.evidence.time if state.plan is None and state.due is None else state.due
            after_it = with_entry(state.came, command.entry, 1)
            return (GuestCame(entry=command.entry, due=due),) if after_it != state.came else ()
        case LookAtGathering() if state.due is not None:
            return _look(command, state)
        case CloseNeed() | PassNeed():
            return needs.decide(command, state)
        case _:
            return ()


def _is_news(evidence: Evidence, state: GatheringState) -> bool:
    return state.closed is None or evidence.time > state.closed


def _plan(command: NotePlan, state: GatheringState) -> tuple[Any, ...]:
    plan, stands = command.plan, reminder(state)
    if not plan.says_more_than(state.plan):
        return (GatheringPlanned(plan=plan, due=state.due),)
    moved = plan.starts_at != state.reminded
    due = command.due if moved or stands is not None else plan.starts_at
    over = state.closed is not None and plan.starts_at <= state.closed
    planned = GatheringPlanned(plan=plan, due=None if plan.called_off or over else due)
    if stands is not None and plan.called_off:
        return (planned, _gone(stands, plan.evidence.time, "called off", plan.evidence))
    if stands is not None and moved and due > plan.evidence.time:
        return (planned, _gone(stands, plan.evidence.time, "it was put off", plan.evidence))
    return (planned,)


def _gone(stands: TouchReason | NeedsTouch, at: datetime, cause: str, *evidence: Evidence) -> NeedGone:
    return withdrawn(stands, at, cause, evidence)


def _look(command: LookAtGathering, state: GatheringState) -> tuple[Any, ...]:
    begins, at = state.begins, command.seen.at
    if begins is None or (state.plan is not None and state.plan.called_off):
        return (GatheringLookedAt(at=at, due=None),)
    if state.plan is not None and at < begins:
        return _before(command, state, state.plan)
    stands = reminder(state)
    begun = (_gone(stands, at, "it has begun"),) if stands is not None else ()
    due = command.seen.due
    if due is not None and due > at:
        return (GatheringLookedAt(at=at, due=due), *begun)
    return (GatheringLookedAt(at=at, due=None, closed=True), *begun, *_after(command, state))


def _before(command: LookAtGathering, state: GatheringState, plan: Plan) -> tuple[Any, ...]:
    seen, at = command.seen, command.seen.at
    if seen.due is not None and seen.due > at:
        return (GatheringLookedAt(at=at, due=min(seen.due, plan.starts_at)),)
    done = state.reminded == plan.starts_at and reminder(state) is None
    if not command.wanted or seen.due is None or done:
        return (GatheringLookedAt(at=at, due=plan.starts_at),)
    values = figures(plan, state.registered, command.guests)
    evidence = coming(plan, state.registered, command.guests, command.at_most)
    if command.host_declined:
        values = {**values, HOST_DECLINED: True}
    need = raised(seen, RITUAL, command.community, evidence, values, difference=_CALLED_OFF, since=at)
    return (GatheringLookedAt(at=at, due=plan.starts_at, reminded=True), need)


def _after(command: LookAtGathering, state: GatheringState) -> tuple[Any, ...]:
    seen, plan = command.seen, state.plan
    first = first_there(state.came, command.guests)
    if not command.wanted or seen.due is None or not first or seen.at - seen.due > NO_LONGER_NEWS:
        return ()
    evidence = tuple(one.evidence for one in first[: command.at_most])
    if plan is not None:
        evidence = (plan.evidence, *evidence)
    values: dict[str, Scalar] = {"list": FIRST, "members": len(first)}
    return (raised(seen, RITUAL, command.community, evidence, values, difference=_NO_NEWCOMERS, since=seen.at),)


def evolve(state: GatheringState, event: Any) -> GatheringState:
    """Return the state after ``event``."""
    match event:
        case GatheringPlanned():
            again = state.closed is not None and event.plan.starts_at > state.closed
            return replace(
                state,
                plan=event.plan,
                due=event.due,
                reminded=None if event.plan.called_off else state.reminded,
                closed=None if again else state.closed,
            )
        case GuestRegistered():
            return replace(state, registered=with_entry(state.registered, event.registration, 1))
        case GuestCame():
            return replace(state, came=with_entry(state.came, event.entry, 1), due=event.due)
        case GatheringLookedAt(closed=True):
            return replace(state, due=None, closed=event.at, registered=(), came=())
        case GatheringLookedAt():
            begins = state.plan.starts_at if state.plan is not None else None
            return replace(state, due=event.due, reminded=begins if event.reminded else state.reminded)
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _:
            return state


def deadlines(state: GatheringState) -> tuple[Deadline, ...]:
    """The gathering is looked at before it begins, when it does, and after it is over."""
    return (Deadline(name=GATHERING, due=state.due),) if state.due is not None else ()


GATHERINGS: Final[Decider[GatheringState]] = Decider(
    category="gathering",
    initial=GatheringState(),
    decide=decide,
    evolve=evolve,
    events=(GatheringPlanned, GuestRegistered, GuestCame, GatheringLookedAt, *NEED_EVENTS),
    deadlines=deadlines,
    lags=True,
)
