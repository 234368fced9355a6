"""A partition's log is one of eventsourcing's process recorders: the cases that come with the library pass."""

from __future__ import annotations

import itertools
import os
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import Any
from unittest import TestCase
from uuid import uuid4

import pytest
from eventsourcing.persistence import StoredEvent
from eventsourcing.tests.persistence import (
    AggregateRecorderTestCase,
    ApplicationRecorderTestCase,
    NonInterleavingNotificationIDsBaseCase,
    ProcessRecorderTestCase,
    TrackingRecorderTestCase,
)

from shared.event_store.errors import FencedError
from shared.event_store.recorder import Commit, PartitionRecorder
from shared.event_store.store import PartitionStore
from tests.kernel.counter import START
from tests.kernel.kernel_tables import contents, own, stores
from tests.kernel.test_commit import events

TAILED = int(os.environ.get("WARMLINE_TAILED_EVENTS", "30000"))
"""How many events the tailing reader must not miss any of."""

_WRITERS = 8
_BATCH = 250


class OnAnEmptyLog(TestCase):
    """What the library's cases need: an empty log that nobody owns."""

    store: PartitionStore

    @pytest.fixture(autouse=True)
    def _empty_log(self, database_url: str) -> Iterator[None]:
        with ExitStack() as stack:
            self.store = stack.enter_context(stores(database_url))[0]
            yield

    def create_recorder(self) -> Any:
        return self.store.recorder

    def new_originator_id(self) -> str:
        return f"counter:{uuid4()}"


class WithoutPositions:
    """The library's aggregate recorders answer with no positions, and its application recorders must."""

    def __init__(self, recorder: PartitionRecorder) -> None:
        self.select_events = recorder.select_events
        self._insert = recorder.insert_events

    def insert_events(self, stored_events: Sequence[StoredEvent]) -> None:
        self._insert(stored_events)


class TestAsAggregateRecorder(OnAnEmptyLog, AggregateRecorderTestCase):
    def create_recorder(self) -> Any:
        return WithoutPositions(self.store.recorder)


class TestAsApplicationRecorder(OnAnEmptyLog, ApplicationRecorderTestCase):
    # Its case for subscriptions is optional: ``test_there_is_no_subscription`` says why it cannot apply.
    pass


class TestAsTrackingRecorder(OnAnEmptyLog, TrackingRecorderTestCase):
    pass


class TestAsProcessRecorder(OnAnEmptyLog, ProcessRecorderTestCase):
    pass


class TestPositionsOfOneBatchStandTogether(OnAnEmptyLog, NonInterleavingNotificationIDsBaseCase):
    pass


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    with stores(database_url) as made:
        yield made[0]


def test_there_is_no_subscription(store: PartitionStore) -> None:
    with pytest.raises(NotImplementedError, match="tailed by select_notifications"):
        store.recorder.subscribe()


def test_nobody_writes_beside_the_owner(store: PartitionStore, database_url: str) -> None:
    assert store.recorder.insert_events(events(1, 2)) == [1, 2]
    lease = own(database_url)
    before = contents(database_url)
    with pytest.raises(FencedError):
        store.recorder.insert_events(events(3, 1))
    assert contents(database_url) == before
    store.commit(lease, Commit(head=2, commits=1, clock=START, events=events(3, 1)))
    own(database_url, seconds=0)
    assert store.recorder.insert_events(events(4, 1)) == [4]


def test_what_is_written_without_a_lease_fences_who_held_it(store: PartitionStore, database_url: str) -> None:
    lease = own(database_url, seconds=0)
    store.recorder.insert_events(events(1, 1))
    with pytest.raises(FencedError):
        store.commit(lease, Commit(head=0, commits=0, clock=START, events=events(1, 1)))


def test_a_tailing_reader_misses_nothing_of_many_writers(store: PartitionStore, database_url: str) -> None:
    recorder, numbers, done = store.recorder, itertools.count(), threading.Event()
    seen: list[int] = []

    def write(_batch: int) -> None:
        stream = f"counter:c:{next(numbers)}"
        recorder.insert_events(
            [
                StoredEvent(originator_id=stream, originator_version=version, topic="counter.Counted", state=b"{}")
                for version in range(_BATCH)
            ]
        )

    def tail() -> None:
        while not (done.is_set() and seen and seen[-1] == store.head()):
            found = recorder.select_notifications(seen[-1] if seen else 0, 1_000, inclusive_of_start=False)
            seen.extend(one.id for one in found)

    reader = threading.Thread(target=tail)
    reader.start()
    try:
        with ThreadPoolExecutor(_WRITERS) as pool:
            list(pool.map(write, range(TAILED // _BATCH)))
    finally:
        done.set()
        reader.join()
    assert seen == list(range(1, TAILED + 1))
    assert contents(database_url)["shard"][0][:2] == (TAILED, TAILED // _BATCH)
