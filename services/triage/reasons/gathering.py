"""``ritual``: before a gathering its host is handed who comes; after it, the team for whom it was the first."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from typing import Final

from msgspec import Struct

from services.triage.reasons.ritual import Entry, place
from shared.contracts.needs_touch import Evidence, MemberRef, Scalar
from shared.contracts.policy_rules import GatheringList

REMINDER: Final[GatheringList] = "gathering"
FIRST: Final[GatheringList] = "first-gathering"
_LONGEST: Final = timedelta(days=31)
"""What is said to last longer is taken to be over then: nobody waits for a word until the end of a year's course."""


class Plan(Struct, frozen=True, kw_only=True, gc=False):
    """What was told of a gathering last, by ``evidence``; ``host`` is None where nobody is named.

    ``words`` stand for its title, its place and its link, which nothing is decided by.
    """

    evidence: Evidence
    host: MemberRef | None
    starts_at: datetime
    ends_at: datetime | None
    called_off: bool
    words: str

    @property
    def over_at(self) -> datetime:
        """When it is over, as far as is told."""
        return min(self.ends_at or self.starts_at, self.starts_at + _LONGEST)

    def is_later_than(self, other: Plan | None) -> bool:
        """Tell whether it was told later than ``other``, whichever of them arrived first."""
        return other is None or _told(self) > _told(other)

    def says_more_than(self, other: Plan | None) -> bool:
        """Tell whether it says something else than ``other``, and is not the same told once more."""
        return other is None or _content(self) != _content(other)


class Registration(Entry, frozen=True, kw_only=True, gc=False):
    """What ``member`` said last: whether they come."""

    coming: bool


class Guests(Struct, frozen=True, kw_only=True, gc=False):
    """Of the members of a gathering, by their keys: who may be on a list, and who was at none before that is known."""

    fit: frozenset[str]
    first: frozenset[str]


def coming(plan: Plan, registered: Iterable[Registration], guests: Guests, at_most: int) -> tuple[Evidence, ...]:
    """Return the evidence of the list before a gathering: what is planned, who comes for the first time, who else."""
    there = _listable((one for one in registered if one.coming), guests.fit)
    ordered = sorted(there, key=lambda one: (one.member.key not in guests.first, place(one)))
    return (plan.evidence, *(one.evidence for one in ordered[:at_most]))


def figures(plan: Plan, registered: Iterable[Registration], guests: Guests) -> dict[str, Scalar]:
    """Return what the list before a gathering says in figures."""
    there = _listable((one for one in registered if one.coming), guests.fit)
    newcomers = sum(one.member.key in guests.first for one in there)
    return {"list": REMINDER, "starts_at": _moment(plan.starts_at), "members": len(there), "newcomers": newcomers}


def first_there(came: Iterable[Entry], guests: Guests) -> tuple[Entry, ...]:
    """Return those for whom it was the first, in the order in which they came."""
    return tuple(sorted(_listable(came, guests.fit & guests.first), key=place))


def _listable(entries: Iterable[Entry], fit: Collection[str]) -> list[Entry]:
    return [one for one in entries if one.member.key in fit]


def _moment(time: datetime) -> str:
    return time.isoformat(timespec="minutes")


def _told(plan: Plan) -> tuple[datetime, str, str]:
    return (plan.evidence.time, plan.evidence.source, plan.evidence.event)


def _content(plan: Plan) -> tuple[object, ...]:
    return (plan.host, plan.starts_at, plan.ends_at, plan.called_off, plan.words)
