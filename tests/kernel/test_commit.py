"""One transaction of a partition, on a real PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from eventsourcing.persistence import StoredEvent

from shared.event_store.errors import FencedError, StreamReplacedError
from shared.event_store.recorder import Commit, DeadLetter, DeadlineRow, Lease, Moved, StateRow
from shared.event_store.store import PartitionStore
from tests.kernel.counter import START, Counted, Reminded
from tests.kernel.kernel_tables import contents, own, rows, stores

READER = "MEMBER_EVENTS@2026"


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    with stores(database_url) as made:
        yield made[0]


@pytest.fixture
def lease(store: PartitionStore, database_url: str) -> Lease:
    taken = own(database_url)
    store.open(taken, [READER])
    return taken


def events(first: int, count: int, state: bytes = b"{}") -> tuple[StoredEvent, ...]:
    return tuple(
        StoredEvent(originator_id="counter:c:ada", originator_version=version, topic="counter.Counted", state=state)
        for version in range(first, first + count)
    )


def full_commit() -> Commit:
    return Commit(
        head=0,
        commits=0,
        clock=START,
        moved=Moved(reader=READER, expected=0, position=7),
        events=events(1, 3),
        states=(
            StateRow(stream="counter:c:ada", version=3, state=b"{}"),
            StateRow(stream="counter:c:bo", version=1, state=b"\x00\xff", line="waiting", rank=1.5),
        ),
        inbox=("one", "two"),
        deadlines_set=(DeadlineRow(stream="counter:c:ada", name="remind", community="c", due=START, armed_at=START),),
        deadlines_dropped=(("counter:c:bo", "remind"),),
        dead_letters=(
            DeadLetter(
                stream="S", seq=5, subject="s", headers={"a": "b"}, body=b"\x00", error="bad", trace_id=None, tries=3
            ),
        ),
    )


def test_a_commit_writes_everything(store: PartitionStore, lease: Lease, database_url: str) -> None:
    store.commit(lease, full_commit())
    held = contents(database_url)
    assert [row[4] for row in held["events"]] == [1, 2, 3]
    assert (READER, 7) in held["tracking"]
    assert held["states"] == [
        ("counter:c:ada", 3, b"{}", None, None),
        ("counter:c:bo", 1, b"\x00\xff", "waiting", 1.5),
    ]
    assert held["inbox"] == [("one",), ("two",)]
    assert held["deadlines"] == [("counter:c:ada", "remind", "c", START, START)]
    assert held["dead_letters"] == [("0", "S", 5, "bad", 3)]
    assert held["shard"] == [(3, 1, START)]
    assert store.known(["one", "three"]) == {"one"}
    assert [place.stream for place in store.waiting("waiting", 10)] == ["counter:c:bo"]
    assert store.deadlines(after=None, suspended=["c"], limit=5) == []
    (row,) = store.deadlines(after=None, suspended=[], limit=5)
    assert store.deadlines(after=row, suspended=[], limit=5) == []


def test_what_was_recorded_in_streams_is_read_by_its_form(store: PartitionStore, lease: Lease) -> None:
    told = Counted(by="ada", clock=START, remind=None)
    reminded = Reminded(clock=START, total=1)
    recorded = [("counter:c:ada", 1, told), ("counter:c:ada", 2, reminded), ("counter:c:ada", 3, told)]
    recorded += [("counter:c:bo", 1, told), ("counter:c:cleo", 1, told)]
    log = tuple(store.codec.stored(*one) for one in recorded)
    store.commit(lease, replace(full_commit(), events=log, states=()))
    found = store.events_of(["counter:c:bo", "counter:c:ada"], [Counted])
    assert [(one.originator_id, one.originator_version, one.event) for one in found] == [
        ("counter:c:ada", 1, told),
        ("counter:c:ada", 3, told),
        ("counter:c:bo", 1, told),
    ]


def test_connections_that_died_since_they_were_used_are_replaced(
    store: PartitionStore, lease: Lease, database_url: str
) -> None:
    def end_all() -> None:
        rows(database_url, "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE application_name = ''"
             " AND datname = current_database() AND pid <> pg_backend_pid()")  # fmt: skip

    end_all()
    assert store.known(["one"]) == set()
    end_all()
    store.commit(lease, full_commit())
    end_all()
    store.confirm(lease)
    assert store.head() == 3


@pytest.mark.parametrize(
    "change",
    [
        {"head": 1},
        {"commits": 1},
        {"moved": Moved(reader=READER, expected=1, position=7)},
        {"moved": Moved(reader="OTHER@1", expected=0, position=7)},
    ],
    ids=["head", "commits", "position", "reader"],
)
def test_a_commit_from_elsewhere_writes_nothing(
    store: PartitionStore, lease: Lease, database_url: str, change: dict[str, Any]
) -> None:
    before = contents(database_url)
    with pytest.raises(FencedError):
        store.commit(lease, replace(full_commit(), **change))
    assert contents(database_url) == before


@pytest.mark.parametrize("fence", ["owner", "epoch", "expired", "taken over"])
def test_who_does_not_hold_the_lease_writes_nothing(
    store: PartitionStore, lease: Lease, database_url: str, fence: str
) -> None:
    before = contents(database_url)
    match fence:
        case "owner":
            lease = replace(lease, owner="somebody")
        case "epoch":
            lease = replace(lease, epoch=lease.epoch - 1)
        case "expired":
            lease = own(database_url, seconds=0)
        case _:
            own(database_url, owner="another")
    with pytest.raises(FencedError):
        store.commit(lease, full_commit())
    assert contents(database_url) == before


def test_an_error_in_the_middle_leaves_nothing(store: PartitionStore, lease: Lease, database_url: str) -> None:
    store.commit(lease, full_commit())
    before = contents(database_url)
    second = Commit(head=3, commits=1, clock=START, events=events(4, 2), inbox=("two",))
    with pytest.raises(Exception, match="inbox_pkey"):
        store.commit(lease, second)
    assert contents(database_url) == before


def test_empty_huge_and_odd_contents_are_stored_as_they_are(
    store: PartitionStore, lease: Lease, database_url: str
) -> None:
    store.commit(lease, Commit(head=0, commits=0, clock=START))
    huge = b"\x00\xff" * 1_500_000
    states = (StateRow(stream="counter:c:ada", version=2, state=huge),)
    store.commit(lease, Commit(head=0, commits=1, clock=START, events=events(1, 2, huge), states=states))
    assert [event.state for event in store.recorder.select_events("counter:c:ada")] == [huge, huge]
    assert rows(database_url, "SELECT state FROM service.p0_states") == [(huge,)]


def test_the_clock_never_goes_back(store: PartitionStore, lease: Lease) -> None:
    store.commit(lease, Commit(head=0, commits=0, clock=START))
    store.commit(lease, Commit(head=0, commits=1, clock=START - timedelta(hours=1)))
    assert store.open(lease, [READER]).clock == START


def test_eventsourcings_reading_side_reads_what_is_written(store: PartitionStore, lease: Lease) -> None:
    recorder = store.recorder
    assert (store.head(), recorder.max_tracking_id(READER)) == (0, 0)
    store.commit(lease, full_commit())
    assert [event.originator_version for event in recorder.select_events("counter:c:ada", gt=1)] == [2, 3]
    found = recorder.select_notifications(2, 10)
    assert [(one.id, one.originator_version, one.topic) for one in found] == [
        (2, 2, "counter.Counted"),
        (3, 3, "counter.Counted"),
    ]
    assert recorder.max_notification_id() == 3
    assert recorder.max_tracking_id(READER) == 7
    assert [one.id for one in store.events_after(1, limit=1, topics=["counter.Counted"])] == [2]
    assert store.events_after(0, limit=9, topics=["counter.Other"]) == []


def test_a_tailing_reader_misses_nothing_while_commits_run(store: PartitionStore, lease: Lease) -> None:
    seen: list[int] = []
    done = threading.Event()

    def tail() -> None:
        while not (done.is_set() and len(seen) == store.head()):
            found = store.recorder.select_notifications(seen[-1] if seen else 0, 100, inclusive_of_start=False)
            seen.extend(one.id for one in found)

    reader = threading.Thread(target=tail)
    reader.start()
    head = 0
    for number in range(150):
        count = number % 7
        store.commit(lease, Commit(head=head, commits=number, clock=START, events=events(head + 1, count)))
        head += count
    done.set()
    reader.join(20)
    assert seen == list(range(1, head + 1))


def test_another_stream_under_the_name_is_refused(store: PartitionStore, lease: Lease) -> None:
    with pytest.raises(StreamReplacedError, match=r"read MEMBER_EVENTS@2026 up to 0, but now the server has .*@2027"):
        store.open(lease, ["MEMBER_EVENTS@2027"])


def test_a_stranger_cannot_open(store: PartitionStore, lease: Lease) -> None:
    with pytest.raises(FencedError):
        store.open(replace(lease, epoch=9), [READER])


def test_tables_can_be_made_twice_and_by_another_collation(store: PartitionStore, database_url: str) -> None:
    store.create("0")
    with psycopg.connect(database_url) as connection:
        found = connection.execute(
            "SELECT collation_name FROM information_schema.columns "
            "WHERE table_name = 'p0_deadlines' AND column_name = 'stream'"
        ).fetchone()
    assert found == ("C",)
