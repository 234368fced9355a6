"""A list that a platform gives page by page, and that changes while it is read. Pure."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final, Generic, TypeVar

import msgspec

from services.ingest.platforms.asked import records_of, refusal
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.polled import (
    Answer,
    Answered,
    Ask,
    Denied,
    DeniedError,
    Found,
    Odd,
    Refused,
    Step,
)
from services.ingest.platforms.reading import NotUnderstoodError

EVER: Final = datetime.min.replace(tzinfo=UTC)
"""Since whenever a platform keeps a list: it is read to its end."""
_MOST_TURNS: Final = 20
"""How often a list is read again from an earlier page because it got shorter, before it is left to the next round."""

Record = TypeVar("Record")
Pages = Generator[Step, Answer, bool]
"""Reads a list; returns whether it was had."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What stands on a page, whether another follows, and how many records there are in all where that is told."""

    records: Sequence[msgspec.Raw]
    more: bool
    count: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing(Generic[Record]):
    """A list of a platform; ``name`` stands in what the operator is told, and ``size`` is how much a page holds.

    ``page`` reads an answer, and raises NotUnderstoodError and DeniedError. ``time`` is what the list is ordered by,
    newest first, where the platform gives it so. Without it, the list is read to its end. By the statuses ``past`` a
    platform answers that there is no such page: the one before was the last.
    """

    name: str
    ask: Callable[[int], Ask]
    page: Callable[[Answered], Page]
    size: int
    form: type[Record]
    time: Callable[[Record], datetime] | None = None
    past: frozenset[int] = frozenset()


def pages(
    listing: Listing[Record],
    floor: datetime,
    take: Callable[[Sequence[Record]], Sequence[Fact]],
    *,
    oldest: datetime | None = None,
) -> Pages:
    """Read a list until all that follows is from before ``floor``, and pass over facts from before that.

    Facts that a list gives later than they are dated are passed over from before ``oldest`` only.
    Where it is not in the order that is expected, it is read to its end. When it got shorter meanwhile, what follows
    has moved to pages that were read already, and those are read again.
    """
    number, count, ordered, last, turns = 1, 0, listing.time is not None, None, 0
    while True:
        answer = yield listing.ask(number)
        if isinstance(answer, Refused) and number > 1 and answer.status in listing.past:
            return True
        if not isinstance(answer, Answered):
            yield Odd(why=refusal(listing.name, answer))
            return False
        try:
            found = listing.page(answer)
        except NotUnderstoodError as error:
            yield Odd(why=f"{listing.name}: {error}")
            return False
        except DeniedError as denied:
            yield Denied(why=str(denied))
            return False
        records = yield from records_of(listing.name, found.records, listing.form)
        facts = tuple(fact for fact in take(records) if fact.time >= (oldest or floor))
        if facts:
            yield Found(facts=facts)
        times = [listing.time(record) for record in records] if listing.time else []
        ordered = ordered and times == sorted(times, reverse=True) and (last is None or not times or times[0] <= last)
        last = times[-1] if times else last
        if not found.more or (ordered and times and times[-1] < floor):
            return True
        gone = 0 if found.count is None else count - found.count
        turns += gone > 0
        if turns > _MOST_TURNS:
            yield Odd(why=f"{listing.name}: its count falls again and again while it is read; the next round reads on")
            return False
        number = max(1, number - 1 - gone // listing.size) if gone > 0 else number + 1
        last, count = (None if gone > 0 else last), found.count or 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Generic[Record]):
    """What stands in a list that ``was_had``; ``whole`` where each record of it was understood, too."""

    records: Sequence[Record]
    was_had: bool
    whole: bool


def all_of(listing: Listing[Record], floor: datetime = EVER) -> Generator[Step, Answer, Listed[Record]]:
    """Return what stands in a list until all that follows is from before ``floor``.

    What moved while it was read may be in it twice.
    """
    given = 0
    found: list[Record] = []

    def page(answer: Answered) -> Page:
        nonlocal given
        read = listing.page(answer)
        given += len(read.records)
        return read

    def take(records: Sequence[Record]) -> Sequence[Fact]:
        found.extend(records)
        return ()

    had = yield from pages(replace(listing, page=page), floor, take)
    return Listed(records=found, was_had=had, whole=had and given == len(found))
