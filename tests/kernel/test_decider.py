from __future__ import annotations

from dataclasses import dataclass, replace

import msgspec
import pytest
from eventsourcing.persistence import StoredEvent

from shared.decider import Decider, category_of, stream_id
from shared.event_store.codec import EventCodec, RecordedEvent, UnknownStoredTypeError
from tests.kernel.counter import COUNTER, START, Count, Counted, CounterState, Reminded, counter_codec


def test_a_state_is_the_fold_of_its_events() -> None:
    history = [
        *COUNTER.decide(Count(by="a", clock=START, remind=START), COUNTER.initial),
        Reminded(clock=START, total=1),
        *COUNTER.decide(Count(by="b", clock=START), COUNTER.initial),
    ]
    assert COUNTER.fold(history) == CounterState(total=2)
    assert COUNTER.fold(history[2:], COUNTER.fold(history[:2])) == COUNTER.fold(history)
    assert COUNTER.fold([]) == COUNTER.initial
    assert COUNTER.fold([object()], CounterState(total=5)) == CounterState(total=5)


def test_what_stands_in_a_line_does_not_lag() -> None:
    with pytest.raises(ValueError, match="counter stands in lines"):
        replace(COUNTER, lags=True)


def test_a_streams_category_is_its_first_part() -> None:
    assert stream_id("counter", "c", "a:b") == "counter:c:a:b"
    assert category_of("counter:c:a:b") == "counter"


def test_events_are_stored_under_explicit_names_and_come_back() -> None:
    codec = counter_codec()
    event = RecordedEvent(
        originator_id="counter:c:ada", originator_version=1, event=Counted(by="ä\0", clock=START, remind=None)
    )
    stored = codec.to_stored_event(event)
    assert stored.topic == "counter.Counted"
    assert msgspec.json.decode(stored.state) == {"by": "ä\0", "clock": "2026-11-20T12:00:00Z", "remind": None}
    assert codec.to_domain_event(stored) == event
    state = CounterState(total=3, remind=START)
    assert codec.decode_state("counter:c:ada", codec.encode_state(state)) == state


def test_what_a_newer_build_wrote_is_named() -> None:
    codec = counter_codec()
    strange = StoredEvent(originator_id="counter:c:ada", originator_version=4, topic="counter.Sung", state=b"{}")
    with pytest.raises(UnknownStoredTypeError, match=r"counter:c:ada/4 has the type 'counter\.Sung'"):
        codec.to_domain_event(strange)
    odd = StoredEvent(
        originator_id="tally:c:ada", originator_version=5, topic="counter.Suspended", state=b'{"on":"so"}'
    )
    for read in (codec.to_domain_event, codec.whole_event):
        with pytest.raises(UnknownStoredTypeError, match="event tally:c:ada/5 is stored in a form"):
            read(odd)
    with pytest.raises(UnknownStoredTypeError, match="state of counter:c:ada"):
        codec.decode_state("counter:c:ada", b'{"total": "many"}')


def test_a_state_is_gone_on_with_only_where_nothing_of_it_would_be_lost() -> None:
    codec = counter_codec()
    earlier, newer = b'{"total":2,"remind":null}', b'{"total":2,"remind":null,"suspended":false,"mood":"low"}'
    for stored, is_earlier in ((earlier, True), (codec.encode_state(CounterState(total=2)), False)):
        assert codec.resume_state("counter:c:ada", stored) == (CounterState(total=2), is_earlier)
    assert codec.decode_state("counter:c:ada", newer) == CounterState(total=2), "who only looks may look"
    with pytest.raises(UnknownStoredTypeError, match="would lose"):
        codec.resume_state("counter:c:ada", newer)


def test_two_events_cannot_be_stored_under_one_name() -> None:
    @dataclass(frozen=True, slots=True, kw_only=True)
    class Other:
        pass

    Other.__name__ = "Counted"
    other: Decider[CounterState] = Decider(
        category="other", initial=CounterState(), decide=COUNTER.decide, evolve=COUNTER.evolve, events=(Other,)
    )
    with pytest.raises(ValueError, match="same name"):
        EventCodec("counter", (COUNTER, other))
