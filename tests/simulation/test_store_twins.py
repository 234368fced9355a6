"""The store in memory is a stand-in for the real one: whatever is asked of both, both do and answer the same."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from eventsourcing.persistence import IntegrityError, OperationalError, StoredEvent

from shared.decider import Place
from shared.event_store import certain_commit
from shared.event_store.codec import UnknownStoredTypeError
from shared.event_store.errors import FencedError, StreamReplacedError
from shared.event_store.recorder import Commit, DeadLetter, DeadlineRow, Lease, Moved, StateRow
from shared.event_store.store import PartitionStore
from shared.event_store.stored import EPOCH
from tests.kernel.counter import START, counter_codec
from tests.kernel.kernel_tables import contents, own, stores
from tests.simulation.memory_store import MemoryStore, Tables

READERS = ("MEMBER_EVENTS@2026", "TOUCHES@2026")
STREAMS = ("counter:c:ada", "counter:c:Bo", "counter:c:élan", "counter:d:_x", "counter:d:zoë")


class Memory:
    """The stand-in."""

    def __init__(self) -> None:
        self._now = datetime.now(UTC)
        self.tables = Tables(lambda: self._now)
        self.store: Any = MemoryStore(self.tables, counter_codec())

    def own(self, owner: str, seconds: float = 3600) -> Lease:
        lease = self.tables.own(owner, seconds, by_force=True)
        assert lease is not None
        return lease

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        tables, shard = self.tables, self.tables.shard
        rows = enumerate(tables.events, 1)
        return {
            "events": sorted((e.originator_id, e.originator_version, e.topic, e.state, n) for n, e in rows),
            "tracking": sorted(tables.tracking.items()),
            "states": sorted(
                (row.stream, row.version, row.state, row.line, row.rank) for row in tables.states.values()
            ),
            "inbox": sorted((one,) for one in tables.inbox),
            "deadlines": sorted(
                (row.stream, row.name, row.community, row.due, row.armed_at) for row in tables.deadlines.values()
            ),
            "dead_letters": sorted(
                ("0", letter.stream, letter.seq, letter.error, letter.tries) for letter in tables.dead_letters.values()
            ),
            "shard": [(shard.head, shard.commits, shard.clock)],
        }


class Real:
    """A partition in PostgreSQL."""

    def __init__(self, url: str, store: PartitionStore) -> None:
        self.store: Any = store
        self._url = url

    def own(self, owner: str, seconds: float = 3600) -> Lease:
        return own(self._url, owner=owner, seconds=seconds)

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        found = {name: sorted(rows, key=repr) for name, rows in contents(self._url).items()}
        return found | {"tracking": [row[:2] for row in found["tracking"] if "@" in row[0]]}


@pytest.fixture
def real(database_url: str) -> Iterator[Real]:
    with stores(database_url) as (store,):
        yield Real(database_url, store)


@pytest.fixture(params=["memory", "postgres"])
def twin(request: pytest.FixtureRequest) -> Memory | Real:
    return Memory() if request.param == "memory" else request.getfixturevalue("real")


def event(stream: str, version: int) -> StoredEvent:
    return StoredEvent(originator_id=stream, originator_version=version, topic="counter.Counted", state=b"{}")


def full(lease_head: int = 0, commits: int = 0) -> Commit:
    stream = STREAMS[0]
    return Commit(
        head=lease_head,
        commits=commits,
        clock=START,
        moved=Moved(reader=READERS[0], expected=0, position=7),
        events=(event(stream, 1), event(stream, 2)),
        states=(StateRow(stream=stream, version=2, state=b'{"total":2}', line="waiting", rank=2.0),),
        inbox=("one", "two"),
        deadlines_set=(DeadlineRow(stream=stream, name="remind", community="c", due=START, armed_at=START),),
        dead_letters=(
            DeadLetter(stream="S", seq=5, subject="s", headers={}, body=b"", error="bad", trace_id=None, tries=3),
        ),
    )


def opened(twin: Memory | Real, owner: str = "me") -> Lease:
    lease = twin.own(owner)
    twin.store.open(lease, READERS)
    return lease


def test_a_commit_writes_everything_and_is_read_back(twin: Memory | Real) -> None:
    lease = opened(twin)
    twin.store.commit(lease, full())
    held = twin.contents()
    assert held["shard"] == [(2, 1, START)]
    assert held["tracking"] == [(READERS[0], 7), (READERS[1], 0)]
    assert [len(held[name]) for name in ("events", "states", "inbox", "deadlines", "dead_letters")] == [2, 1, 2, 1, 1]
    assert twin.store.known(["one", "three"]) == {"one"}
    loaded = twin.store.load([STREAMS[0], STREAMS[1]])
    version, state, size, since, earlier_form = loaded[STREAMS[0]]
    assert (version, state.total, size, since, earlier_form) == (2, 2, 11, 0, True)
    assert loaded[STREAMS[1]].version == 0
    assert twin.store.head() == 2
    assert [one.id for one in twin.store.events_after(1, limit=5, topics=["counter.Counted"])] == [2]
    assert twin.store.events_after(0, limit=5, topics=["counter.Reminded"]) == []
    again = twin.store.open(lease, READERS)
    assert (again.head, again.commits, again.clock, again.positions) == (2, 1, START, {READERS[0]: 7, READERS[1]: 0})


def counted(stream: str, version: int, **more: Any) -> StoredEvent:
    body = msgspec.json.encode({"by": "x", "clock": START, "remind": None, **more})
    return StoredEvent(originator_id=stream, originator_version=version, topic="counter.Counted", state=body)


def test_a_state_that_lags_is_loaded_as_the_log_has_it(twin: Memory | Real) -> None:
    lease, ahead, level = opened(twin), "tally:c:ada", "tally:c:bo"
    log = (counted(ahead, 1), counted(level, 1), counted(ahead, 2), counted(ahead, 3))
    of_this_build = b'{"total":1,"remind":null,"suspended":false}'
    forms = {ahead: b'{"total":1}', level: of_this_build}
    rows = tuple(StateRow(stream=stream, version=1, state=state) for stream, state in forms.items())
    twin.store.commit(lease, Commit(head=0, commits=0, clock=START, events=log, states=rows))
    since = sum(len(event.state) for event in log[2:])
    loaded = twin.store.load([ahead, level, "tally:c:new"])
    assert [(one.version, one.state.total, one.size, one.since, one.earlier_form) for one in loaded.values()] == [
        (3, 3, 11, since, True),
        (1, 1, len(of_this_build), 0, False),
        (0, 0, 0, 0, False),
    ]
    newer = Commit(head=4, commits=1, clock=START, events=(counted(ahead, 4, mood="sunny"),))
    twin.store.commit(lease, newer)
    with pytest.raises(UnknownStoredTypeError, match="tally:c:ada/4 holds what this build does not know"):
        twin.store.load([ahead])


FENCES: dict[str, Callable[[Memory | Real, Lease], tuple[Lease, Commit]]] = {
    "owner": lambda _twin, lease: (replace(lease, owner="somebody"), full()),
    "epoch": lambda _twin, lease: (replace(lease, epoch=lease.epoch - 1), full()),
    "expired": lambda twin, _lease: (twin.own("me", 0), full()),
    "taken over": lambda twin, lease: (twin.own("another") and lease, full()),
    "head": lambda _twin, lease: (lease, full(lease_head=1)),
    "commits": lambda _twin, lease: (lease, full(commits=1)),
    "position": lambda _twin, lease: (lease, replace(full(), moved=Moved(reader=READERS[0], expected=1, position=7))),
    "reader": lambda _twin, lease: (lease, replace(full(), moved=Moved(reader="OTHER@1", expected=0, position=7))),
}


@pytest.mark.parametrize("fence", FENCES)
def test_what_the_fence_refuses_writes_nothing(twin: Memory | Real, fence: str) -> None:
    lease, commit = FENCES[fence](twin, opened(twin))
    before = twin.contents()
    with pytest.raises(FencedError):
        twin.store.commit(lease, commit)
    assert twin.contents() == before


@pytest.mark.parametrize(
    "commit",
    [
        Commit(head=2, commits=1, clock=START, events=(event(STREAMS[1], 1),), inbox=("two",)),
        Commit(head=2, commits=1, clock=START, inbox=("three", "three")),
        Commit(head=2, commits=1, clock=START, events=(event(STREAMS[0], 2),), inbox=("three",)),
    ],
    ids=["an inbox id", "an inbox id twice", "an event"],
)
def test_what_is_there_already_is_an_error_and_leaves_nothing(twin: Memory | Real, commit: Commit) -> None:
    lease = opened(twin)
    twin.store.commit(lease, full())
    before = twin.contents()
    with pytest.raises(IntegrityError):
        twin.store.commit(lease, commit)
    assert twin.contents() == before


def test_strangers_and_streams_made_anew_are_refused(twin: Memory | Real) -> None:
    lease = opened(twin)
    with pytest.raises(FencedError):
        twin.store.open(replace(lease, epoch=9), READERS)
    with pytest.raises(StreamReplacedError):
        twin.store.open(lease, ["MEMBER_EVENTS@2027"])
    twin.store.confirm(lease)
    another = twin.own("another")
    with pytest.raises(FencedError):
        twin.store.confirm(lease)
    twin.store.note_relayed(lease, 9)
    assert twin.store.relayed(another) == 0
    for position in (5, 3):
        twin.store.note_relayed(another, position, seq=position + 10)
    assert twin.store.relayed(another) == 5
    assert twin.store.outlet(another).seq == 15


def test_a_derived_stream_made_anew_is_read_from_its_beginning(twin: Memory | Real) -> None:
    lease = opened(twin)
    letter = replace(full().dead_letters[0], stream="TOUCHES")
    moved = Moved(reader=READERS[1], expected=0, position=4)
    twin.store.commit(lease, Commit(head=0, commits=0, clock=START, moved=moved, dead_letters=(letter,)))
    assert twin.store.open(lease, ["TOUCHES@2027"]).positions == {"TOUCHES@2027": 0}
    held = twin.contents()
    assert held["tracking"] == [(READERS[0], 0), ("TOUCHES@2027", 0)]
    assert held["dead_letters"] == []
    twin.store.note_outlet(lease, "TOUCHES@2027", anew=True)
    assert (twin.store.outlet(lease).reader, twin.store.relayed(lease)) == ("TOUCHES@2027", 0)


@pytest.mark.parametrize("arrived", [False, True])
def test_a_reply_that_is_lost(twin: Memory | Real, monkeypatch: pytest.MonkeyPatch, arrived: bool) -> None:
    monkeypatch.setattr(certain_commit, "_RETRY_SECONDS", 0)
    lease, lost = opened(twin), [True]
    place, name = (twin.store, "write") if isinstance(twin, Memory) else (twin.store.recorder, "commit")
    write = getattr(place, name)

    def losing(lease: Lease, commit: Commit) -> bool:
        if lost and lost.pop():
            if arrived:
                write(lease, commit)
            raise OperationalError("the connection broke")
        return bool(write(lease, commit))

    monkeypatch.setattr(place, name, losing)
    twin.store.commit(lease, full())
    assert twin.contents()["shard"] == [(2, 1, START)]
    twin.store.commit(lease, Commit(head=2, commits=1, clock=START))


def outcome(action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (FencedError, IntegrityError) as error:
        return type(error).__name__


class Asking:
    """Asks the same of both twins: commits good and bad, takeovers, pages of deadlines and of lines."""

    def __init__(self, seed: int, twins: list[Memory | Real]) -> None:
        self.draw = random.Random(seed)
        self.twins = twins
        self.leases = [[twin.own("me")] for twin in twins]
        self.head, self.commits, self.positions = 0, 0, dict.fromkeys(READERS, 0)
        self.versions = dict.fromkeys(STREAMS, 0)
        self.opened()

    def both(self, action: Callable[[Any, Lease], Any], which: int = -1) -> Any:
        first, second = (
            outcome(lambda twin=twin, held=held: action(twin.store, held[which]))  # type: ignore[misc]
            for twin, held in zip(self.twins, self.leases, strict=True)
        )
        assert first == second
        return first

    def opened(self) -> None:
        self.both(lambda store, lease: store.open(lease, READERS))

    def take_over(self) -> None:
        owner = self.draw.choice(["me", "another"])
        for twin, held in zip(self.twins, self.leases, strict=True):
            held.append(twin.own(owner))
        self.opened()

    def commit(self) -> None:
        draw = self.draw
        stream, reader = draw.choice(STREAMS), draw.choice(READERS)
        off = draw.random() < 0.1
        version = self.versions[stream] + (0 if off else 1)
        due = START + timedelta(minutes=draw.randrange(5))
        community = stream.split(":")[1]
        moved = Moved(reader=reader, expected=self.positions[reader], position=self.positions[reader] + 1)
        commit = Commit(
            head=self.head + (draw.random() < 0.05),
            commits=self.commits + (draw.random() < 0.05),
            clock=START + timedelta(minutes=draw.randrange(100)),
            moved=moved if draw.random() < 0.7 else None,
            events=(event(stream, version),) if draw.random() < 0.8 else (),
            states=(
                StateRow(
                    stream=stream,
                    version=version,
                    state=b'{"total":%d}' % version,
                    line=draw.choice([None, "waiting", "other"]),
                    rank=float(draw.randrange(3)),
                ),
            ),
            inbox=(f"id-{draw.randrange(200)}",),
            deadlines_set=(DeadlineRow(stream=stream, name="a", community=community, due=due, armed_at=START),)
            if draw.random() < 0.5
            else (),
            deadlines_dropped=((draw.choice(STREAMS), draw.choice("bc")),) if draw.random() < 0.5 else (),
        )
        which = draw.choice([-1, -1, -1, -1, 0])
        if self.both(lambda store, lease: store.commit(lease, commit), which) is None:
            self.head, self.commits = commit.new_head, self.commits + 1
            if commit.moved:
                self.positions[reader] += 1
            if commit.events:
                self.versions[stream] = version

    def read(self) -> None:
        draw = self.draw
        line, limit = draw.choice(["waiting", "other"]), draw.randrange(1, 4)
        after = draw.choice([None, Place(rank=float(draw.randrange(3)), stream=draw.choice(STREAMS))])
        self.both(lambda store, _: store.waiting(line, limit, after))
        suspended = draw.choice([[], ["c"], ["d", "c"]])
        row = DeadlineRow(
            stream=draw.choice(STREAMS),
            name="a",
            community="c",
            due=START + timedelta(minutes=draw.randrange(5)),
            armed_at=EPOCH,
        )
        last = draw.choice([None, row])
        self.both(lambda store, _: store.deadlines(after=last, suspended=suspended, limit=limit))
        self.both(lambda store, _: store.load(STREAMS))
        self.both(lambda store, lease: (store.confirm(lease), store.head(), store.relayed(lease)))
        self.both(
            lambda store, _: [
                one.id for one in store.events_after(self.head // 2, limit=limit, topics=["counter.Counted"])
            ]
        )


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_asked_both_do_and_answer_the_same(real: Real, seed: int) -> None:
    asking = Asking(seed, [Memory(), real])
    for number in range(150):
        asking.draw.choices([asking.commit, asking.read, asking.take_over], weights=[10, 5, 1])[0]()
        if number % 50 == 49:
            first, second = (twin.contents() for twin in asking.twins)
            assert {name: sorted(rows, key=repr) for name, rows in first.items()} == {
                name: sorted(rows, key=repr) for name, rows in second.items()
            }
    assert asking.commits > 50
