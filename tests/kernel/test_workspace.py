from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from shared.decider import Place
from shared.event_store.codec import EventCodec
from shared.event_store.stored import Loaded
from shared.workspace import LATE_GRACE, LEAST_LAG_BYTES, LineMissing, Page, StateMissing, Workspace
from tests.kernel.counter import COUNTER, START, Count, CounterState, Remind, Suspend, counter_codec

ADA, BO, DAN, EVE = (f"counter:c:{name}" for name in ("ada", "bo", "dan", "eve"))
LATER = START + timedelta(hours=1)


@pytest.fixture
def work() -> Workspace:
    made = Workspace(counter_codec())
    made.clock = START
    made.admit({ADA: (0, CounterState(), 0), BO: (7, CounterState(total=7), 100)})
    return made


def place(stream: str) -> Place:
    return Place(rank=0.0, stream=stream)


def keep(work: Workspace) -> None:
    work.keep(lambda stream: stream.split(":")[1])


def versions(work: Workspace) -> list[tuple[str, int]]:
    return [(str(event.originator_id), event.originator_version) for event in work.to_commit()[0]]


def test_a_stream_that_is_not_there_is_asked_for(work: Workspace) -> None:
    with pytest.raises(StateMissing) as missing:
        work.state("counter:c:cleo")
    assert missing.value.streams == ("counter:c:cleo",)
    assert work.missing([ADA, "counter:c:cleo", "counter:c:cleo"]) == ["counter:c:cleo"]


def test_decisions_are_seen_at_once_numbered_and_committed_in_order(work: Workspace) -> None:
    work.decide(BO, Count(by="x", clock=START))
    work.decide(ADA, Count(by="y", clock=START))
    work.decide(BO, Count(by="z", clock=START))
    keep(work)
    assert (work.version(BO), work.state(BO).total) == (9, 9)
    assert versions(work) == [(BO, 8), (ADA, 1), (BO, 9)]
    _, states = work.to_commit()
    assert [(row.stream, row.version, msgspec.json.decode(row.state)["total"]) for row in states] == [
        (BO, 9, 9),
        (ADA, 1, 1),
    ]
    work.committed(states)
    assert work.to_commit() == ((), ())
    assert work.version(BO) == 9


def test_what_is_undone_was_never_there(work: Workspace) -> None:
    work.decide(ADA, Count(by="kept", clock=START))
    keep(work)
    work.decide(ADA, Count(by="undone", clock=START, remind=LATER))
    work.decide(BO, Count(by="undone", clock=START))
    work.undo()
    keep(work)
    assert (work.state(ADA).total, work.version(BO)) == (1, 7)
    assert versions(work) == [(ADA, 1)]
    assert [row.stream for row in work.to_commit()[1]] == [ADA]
    assert work.book.unsaved() == ((), ())


def test_deadlines_follow_the_state(work: Workspace) -> None:
    work.decide(ADA, Count(by="x", clock=START, remind=LATER))
    keep(work)
    ((row,), dropped) = work.book.unsaved()
    assert (row.stream, row.name, row.community, row.due, row.armed_at) == (ADA, "remind", "c", LATER, START)
    assert dropped == ()
    work.committed(work.to_commit()[1])
    work.decide(ADA, Remind(clock=LATER))
    keep(work)
    assert work.book.unsaved() == ((), ((ADA, "remind"),))


def test_a_deadline_that_comes_and_goes_within_a_batch_is_never_stored(work: Workspace) -> None:
    work.decide(ADA, Count(by="x", clock=START, remind=LATER))
    keep(work)
    work.decide(ADA, Remind(clock=LATER))
    keep(work)
    assert work.book.unsaved() == ((), ())


def test_a_deadline_that_is_past_waits_a_little(work: Workspace) -> None:
    work.decide(ADA, Count(by="x", clock=START, remind=START - timedelta(days=9)))
    keep(work)
    ((row,), _) = work.book.unsaved()
    assert row.due == row.eligible_at == START + LATE_GRACE


def test_a_state_that_may_lag_is_stored_again_when_the_events_since_outgrow_it(work: Workspace) -> None:
    tally = "tally:c:ada"
    work.admit({tally: Loaded(0, CounterState(), 0)})
    stored: list[int] = []
    events, since, outgrown = 0, 0, []
    while len(stored) < 3:
        work.decide(tally, Count(by="x" * 100, clock=START))
        keep(work)
        recorded, states = work.to_commit()
        events += 1
        since += sum(len(event.state) for event in recorded)
        if states:
            assert [(row.stream, row.version) for row in states] == [(tally, events)]
            stored.append(events)
            outgrown.append(since)
            since = 0
        work.committed(states)
        assert (work.version(tally), work.state(tally).total) == (events, events)
    assert stored[0] == 1
    assert all(LEAST_LAG_BYTES <= size < LEAST_LAG_BYTES + 300 for size in outgrown[1:])


def test_a_state_that_was_loaded_lagging_goes_on_from_there(work: Workspace) -> None:
    tally = "tally:c:ada"
    for since, writes in ((5_000, False), (7_999, True)):
        work.admit({tally: Loaded(9, CounterState(total=9), 8_000, since)})
        work.decide(tally, Count(by="x", clock=START))
        keep(work)
        states = work.to_commit()[1]
        assert [row.version for row in states] == ([10] if writes else [])
        work.committed(states)


def test_a_state_of_an_earlier_form_is_stored_with_its_first_event(work: Workspace) -> None:
    tally = "tally:c:ada"
    work.admit({tally: Loaded(9, CounterState(total=9), 8_000, 100, earlier_form=True)})
    for writes in (True, False):
        work.decide(tally, Count(by="x", clock=START))
        keep(work)
        states = work.to_commit()[1]
        assert [row.version for row in states] == ([10] if writes else [])
        work.committed(states)


def test_a_standing_goes_with_the_state(work: Workspace) -> None:
    work.decide(ADA, Suspend(on=True))
    keep(work)
    assert [(row.line, row.rank) for row in work.to_commit()[1]] == [("suspended", 0.0)]


def test_a_waiting_line_is_read_anew_for_each_batch(work: Workspace) -> None:
    with pytest.raises(LineMissing):
        work.line("suspended")
    work.admit_line("suspended", None, [place(ADA)], more=False)
    assert work.line("suspended") == Page((place(ADA),), None)
    work.committed(())
    with pytest.raises(LineMissing):
        work.line("suspended")


def test_a_waiting_line_is_seen_as_the_batch_has_made_it(work: Workspace) -> None:
    work.admit({DAN: (1, CounterState(suspended=True), 50)})
    work.admit_line("suspended", None, [place(DAN), place(EVE)], more=False)
    work.decide(BO, Suspend(on=True))
    work.decide(ADA, Count(by="e1", clock=START))
    work.decide(DAN, Suspend(on=False))
    assert work.line("suspended") == Page((place(BO), place(EVE)), None)


def test_a_page_of_a_waiting_line_holds_what_is_between_its_ends(work: Workspace) -> None:
    work.admit({DAN: (0, CounterState(), 0), EVE: (0, CounterState(), 0)})
    work.admit_line("suspended", place(ADA), [place(DAN)], more=True)
    for stream in (ADA, BO, EVE):
        work.decide(stream, Suspend(on=True))
    assert work.line("suspended", place(ADA)) == Page((place(BO), place(DAN)), place(DAN))


def test_an_event_that_cannot_be_stored_fails_where_it_is_decided(work: Workspace) -> None:
    with pytest.raises(UnicodeEncodeError):
        work.decide(ADA, Count(by="\udc80", clock=START))
    work.undo()
    assert (work.version(ADA), work.to_commit()) == (0, ((), ()))


def test_keep_does_all_or_nothing() -> None:
    def deadlines(state: CounterState) -> tuple[Any, ...]:
        raise ZeroDivisionError

    broken = Workspace(EventCodec("counter", (replace(COUNTER, deadlines=deadlines),)))
    broken.admit({ADA: (0, CounterState(), 0)})
    broken.decide(ADA, Count(by="x", clock=START))
    with pytest.raises(ZeroDivisionError):
        keep(broken)
    broken.undo()
    assert broken.to_commit() == ((), ())


def test_the_cache_is_bounded_but_never_within_a_batch() -> None:
    work = Workspace(counter_codec(), cache_bytes=2_000)
    streams = [f"counter:c:{number}" for number in range(10)]
    work.admit({stream: (1, CounterState(total=1), 5_000) for stream in streams[:2]})
    work.admit({stream: (1, CounterState(total=1), 100) for stream in streams[2:]})
    assert work.missing(streams) == []
    work.committed(())
    assert work.missing(streams) == streams[:8]
