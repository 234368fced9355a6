"""``ritual``: once a week somebody of the team is handed lists of members, for what they do in the community."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final, TypeVar

from msgspec import Struct

from shared.contracts.needs_touch import Evidence, MemberRef
from shared.contracts.policy_rules import WeeklyList

RITUAL: Final = "ritual"
NO_LONGER_NEWS: Final = timedelta(days=14)
ENTRIES_KEPT: Final = 200
"""Of those that came since the last list, the newest."""

OF_ONE: Final[dict[WeeklyList, int]] = {"welcome-thread": 1, "spotlight": 8}
"""So many entries of one member are kept, the newest: nobody crowds out others, or wins by number alone."""

_SHOWN_OF_ONE: Final = 2


class Entry(Struct, frozen=True, kw_only=True, gc=False):
    """What ``member`` is on a list for: they joined, helped, or were thanked."""

    member: MemberRef
    evidence: Evidence


E = TypeVar("E", bound=Entry)


def with_entry(entries: tuple[E, ...], entry: E, of_one: int) -> tuple[E, ...]:
    """Return the entries with ``entry``, the same ones whatever order they are told in, the oldest first."""
    every = sorted({*entries, entry}, key=place)
    own = [one for one in every if one.member == entry.member]
    dropped = own[:-of_one]
    return tuple(one for one in every if one not in dropped)[-ENTRIES_KEPT:]


def news_of(entries: Iterable[Entry], fit: Collection[str], at: datetime) -> tuple[Entry, ...]:
    """Return the entries that a list may name at ``at``; ``fit`` are the keys of those who may be on it."""
    ages = ((one, at - one.evidence.time) for one in entries if one.member.key in fit)
    return tuple(one for one, age in ages if timedelta(0) <= age <= NO_LONGER_NEWS)


def listed(news: Iterable[Entry], at_most: int) -> tuple[Evidence, ...]:
    """Return the evidence of the members on the list, who did most first."""
    by_member = groupby(sorted(news, key=lambda one: (one.member.key, place(one))), key=lambda one: one.member.key)
    members = sorted((tuple(own) for _, own in by_member), key=lambda own: (-len(own), place(own[0])))
    shown = (one.evidence for own in members[:at_most] for one in own[-_SHOWN_OF_ONE:])
    return tuple(dict.fromkeys(shown))


def place(entry: Entry) -> tuple[datetime, str, str, str]:
    """Return the order in which entries came, which is that of their events."""
    return (entry.evidence.time, entry.evidence.source, entry.evidence.event, entry.member.key)
