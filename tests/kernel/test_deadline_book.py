"""The window over the deadlines, against a model that holds them all in one dictionary."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from shared import deadline_book
from shared.deadline_book import DeadlineBook
from shared.event_store.recorder import DeadlineRow
from tests.kernel.counter import START

WINDOW = 3
streams = st.sampled_from([f"{community}:{name}" for community in ("a", "b") for name in "uvwxyz"])
communities = st.sampled_from(["a", "b"])


@pytest.fixture(autouse=True, scope="module")
def _small_window() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(deadline_book, "WINDOW", WINDOW)
        yield


def row(stream: str, minutes: int) -> DeadlineRow:
    due = START + timedelta(minutes=minutes)
    return DeadlineRow(stream=stream, name="remind", community=stream[0], due=due, armed_at=START)


def order(one: DeadlineRow) -> tuple[object, str, str]:
    return (one.due, one.stream, one.name)


class Book(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.book = DeadlineBook()
        self.stored: dict[str, DeadlineRow] = {}
        self.wanted: dict[str, DeadlineRow] = {}

    def expected(self) -> list[DeadlineRow]:
        return sorted((one for one in self.wanted.values() if one.community not in self.book.suspended), key=order)

    def next(self) -> DeadlineRow | None:
        while self.book.incomplete:
            after = self.book.last
            rows = sorted(
                (
                    one
                    for one in self.stored.values()
                    if one.community not in self.book.suspended and (after is None or order(one) > order(after))
                ),
                key=order,
            )[:WINDOW]
            self.book.extend(rows, complete=len(rows) < WINDOW)
        return self.book.next()

    @rule(stream=streams, minutes=st.integers(0, 12))
    def set(self, stream: str, minutes: int) -> None:
        new = stream not in self.wanted
        self.wanted[stream] = row(stream, minutes)
        self.book.set(self.wanted[stream], new=new)

    @rule(stream=streams)
    def drop(self, stream: str) -> None:
        if self.wanted.pop(stream, None) is not None:
            self.book.drop(stream, "remind")

    @rule()
    def fire_the_first(self) -> None:
        first = self.next()
        if first is not None:
            assert self.book.holds(first)
            assert self.book.due(first.due, 1) == [first]
            del self.wanted[first.stream]
            self.book.drop(first.stream, first.name)
            assert not self.book.holds(first)

    @rule(community=communities)
    def suspend(self, community: str) -> None:
        self.book.suspend(community)

    @rule(community=communities)
    def resume(self, community: str) -> None:
        self.book.resume(community)

    @rule()
    def commit(self) -> None:
        changed, dropped = self.book.unsaved()
        for stream, _ in dropped:
            self.stored.pop(stream, None)
        self.stored |= {one.stream: one for one in changed}
        assert self.stored == self.wanted
        self.book.saved()

    @rule(stream=streams)
    def set_and_drop_at_once(self, stream: str) -> None:
        if stream not in self.wanted and stream not in self.stored:
            self.book.set(row(stream, 1), new=True)
            self.book.drop(stream, "remind")
            assert (stream, "remind") not in {*self.book.unsaved()[1]}

    @rule()
    def start_again(self) -> None:
        suspended, self.book, self.wanted = self.book.suspended, DeadlineBook(), dict(self.stored)
        for community in suspended:
            self.book.suspend(community)

    @invariant()
    def the_next_is_the_first_of_all(self) -> None:
        first = next(iter(self.expected()), None)
        clocks = [START + timedelta(minutes=minutes) for minutes in range(13)]
        due = [first is not None and first.due <= clock for clock in clocks]
        # Before what the table holds beyond the window was read, it may only tell too often.
        assert all(self.book.may_be_due(clock) for clock, is_due in zip(clocks, due, strict=True) if is_due)
        assert self.next() == first
        assert [self.book.may_be_due(clock) for clock in clocks] == due
        assert len(self.book._order) <= 2 * len(self.book._near) + WINDOW + 1


TestBook = Book.TestCase
TestBook.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
