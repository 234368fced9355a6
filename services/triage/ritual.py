"""One of a community's weekly lists: who came onto it since the last, and when it is handed to somebody."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage import needs
from services.triage.needs import NEED_EVENTS, Circumstances, CloseNeed, HoldsNeeds, PassNeed, raised, standing_for
from services.triage.reasons.ritual import ENTRIES_KEPT, RITUAL, Entry, listed, news_of, with_entry
from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy_rules import WeeklyList
from shared.decider import Deadline, Decider


class EntryNoted(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody came onto the list, which keeps at most ``of_one`` entries of theirs."""

    entry: Entry
    of_one: int


class RitualArranged(Struct, frozen=True, kw_only=True, gc=False):
    """The list is asked for at ``due``; None when it is not."""

    due: datetime | None


class RitualLookedAt(Struct, frozen=True, kw_only=True, gc=False):
    """The list's time came, at ``at``, with so many ``members`` on it; it is asked for again at ``due``."""

    at: datetime
    members: int
    due: datetime | None


class NoteEntry(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody comes onto the list."""

    entry: Entry
    of_one: int


class ArrangeRitual(Struct, frozen=True, kw_only=True, gc=False):
    """By the policy that holds now the list is asked for at ``due``."""

    due: datetime | None


class LookAtRitual(Struct, frozen=True, kw_only=True, gc=False):
    """The list's time has come. ``community`` stands in place of a member; ``fit`` are who may be on it, by key."""

    name: WeeklyList
    seen: Circumstances
    community: MemberRef
    fit: frozenset[str]
    at_most: int


class RitualState(HoldsNeeds, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """Who came onto the list since it was asked for last, the oldest first, and when it is asked for next.

    ``listed`` are the newest of those who came onto the list that is open.
    """

    entries: tuple[Entry, ...] = ()
    listed: tuple[Entry, ...] = ()
    due: datetime | None = None


def decide(command: Any, state: RitualState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NoteEntry() if with_entry(state.entries, command.entry, command.of_one) != state.entries:
            return (EntryNoted(entry=command.entry, of_one=command.of_one),)
        case ArrangeRitual() if command.due != state.due:
            return (RitualArranged(due=command.due),)
        case LookAtRitual() if state.due is not None:
            return _look(command, state)
        case CloseNeed() | PassNeed():
            return needs.decide(command, state)
        case _:
            return ()


def _look(command: LookAtRitual, state: RitualState) -> tuple[Any, ...]:
    seen = command.seen
    news = news_of(state.entries, command.fit, seen.at)
    if not news:
        return (RitualLookedAt(at=seen.at, members=0, due=seen.due),)
    earlier = news_of(state.listed, command.fit, seen.at)
    members = len({one.member.key for one in (*earlier, *news)})
    stands = standing_for(state, RITUAL)
    # Somebody may be at work on the list that stands: what it named stays, and in its place.
    named = {one.evidence for one in earlier}
    kept = tuple(one for one in stands.evidence if one in named) if stands is not None else ()
    need = raised(
        seen,
        RITUAL,
        command.community,
        tuple(dict.fromkeys((*kept, *listed(news, command.at_most)))),
        {"list": command.name, "members": members},
        difference="an empty list: it is asked for every week",
        since=stands.since if stands is not None and kept else seen.at,
    )
    return (RitualLookedAt(at=seen.at, members=members, due=seen.due), need)


def evolve(state: RitualState, event: Any) -> RitualState:
    """Return the state after ``event``."""
    match event:
        case EntryNoted():
            return replace(state, entries=with_entry(state.entries, event.entry, event.of_one))
        case RitualArranged():
            return replace(state, due=event.due)
        case RitualLookedAt():
            later = tuple(one for one in state.entries if one.evidence.time > event.at)
            before = tuple(one for one in state.entries if one.evidence.time <= event.at) if event.members else ()
            return replace(state, due=event.due, entries=later, listed=(*state.listed, *before)[-ENTRIES_KEPT:])
        case _ if isinstance(event, NEED_EVENTS):
            after = needs.evolve(state, event)
            return after if standing_for(after, RITUAL) else replace(after, listed=())
        case _:
            return state


def deadlines(state: RitualState) -> tuple[Deadline, ...]:
    """The list is looked at when it is asked for."""
    return (Deadline(name=RITUAL, due=state.due),) if state.due is not None else ()


WEEKLY: Final[Decider[RitualState]] = Decider(
    category="ritual",
    initial=RitualState(),
    decide=decide,
    evolve=evolve,
    events=(EntryNoted, RitualArranged, RitualLookedAt, *NEED_EVENTS),
    deadlines=deadlines,
    lags=True,
)
