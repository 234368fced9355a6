"""Who owns which shard: even shares, takeovers, and owners that come back too late."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import threading
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import psycopg
import pytest

from shared.bounded_wait import end, to_its_end
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Commit, Lease
from shared.event_store.store import PartitionStore
from shared.leases import LeaseKeeper
from tests.kernel.counter import START
from tests.kernel.kernel_tables import SCHEMA, own, rows, stores
from tests.kernel.test_commit import events
from tests.waiting import until_async

BEAT_SECONDS = 12.0
HAND_OVER_SECONDS = 8.0
"""Less than a beat: the next owner is told, and does not look in vain."""
FOR_LONG_SECONDS = 120.0
"""A lease that no test sees expire: where its shard changes hands, it was given back."""
SHARDS = ("0", "1", "2", "3", "4")


@pytest.fixture
def partitions(database_url: str) -> Iterator[list[PartitionStore]]:
    with stores(database_url, partitions=5) as made:
        yield made


class Worker:
    """A process in miniature: it commits to each shard that it owns, as fast as it can."""

    def __init__(self, url: str, partitions: list[PartitionStore], name: str, shards: tuple[str, ...] = SHARDS) -> None:
        self.partitions = partitions
        self.owned: dict[str, Lease] = {}
        self.committed: dict[str, list[float]] = defaultdict(list)
        """When it committed to each shard, by the monotonic clock."""
        self.fenced = 0
        self.keeper = LeaseKeeper(url, SCHEMA, shards, name, self._work)
        self.name = name

    async def _work(self, lease: Lease) -> None:
        store = self.partitions[int(lease.shard)]
        opened = await asyncio.to_thread(store.open, lease, [])
        head, commits = opened.head, opened.commits
        self.owned[lease.shard] = lease
        try:
            while True:
                commit = Commit(head=head, commits=commits, clock=START, events=events(head + 1, 1))
                await asyncio.to_thread(store.commit, lease, commit)
                head, commits = head + 1, commits + 1
                self.committed[lease.shard].append(time.monotonic())
                await asyncio.sleep(0.02)
        except FencedError:
            self.fenced += 1
            raise
        finally:
            del self.owned[lease.shard]


@asynccontextmanager
async def alive(worker: Worker) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(worker.keeper.run())
    try:
        yield task
    finally:
        await end(task)


def shares(*workers: Worker) -> list[int]:
    return [len(worker.owned) for worker in workers]


async def test_shards_are_shared_evenly_and_handed_over_in_order(
    partitions: list[PartitionStore], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.leases.TTL_SECONDS", FOR_LONG_SECONDS)
    one, two, three = (Worker(database_url, partitions, name) for name in ("one", "three", "two"))
    async with alive(one):
        await until_async(lambda: shares(one) == [5])
        async with alive(two), alive(three):
            await until_async(lambda: sorted(shares(one, two, three)) == [1, 2, 2])
            assert sorted([*one.owned, *two.owned, *three.owned]) == list(SHARDS)
        await until_async(lambda: shares(one) == [5], seconds=FOR_LONG_SECONDS / 2)
    assert [worker.fenced for worker in (one, two, three)] == [0, 0, 0]
    held = rows(database_url, "SELECT count(*) FROM service.shards WHERE expires_at > clock_timestamp()")
    assert held == [(0,)]
    assert rows(database_url, "SELECT owner FROM service.workers") == []
    assert_gapless(partitions)


async def test_leases_are_given_back_however_long_work_takes_to_end_and_however_often_that_is_asked(
    partitions: list[PartitionStore], database_url: str
) -> None:
    owned: list[Lease] = []

    async def slow_to_end(lease: Lease) -> None:
        owned.append(lease)
        try:
            await asyncio.Event().wait()
        finally:
            await to_its_end(asyncio.sleep(0.6))  # `end` cancels again three times meanwhile

    keeping = asyncio.create_task(LeaseKeeper(database_url, SCHEMA, SHARDS, "one", slow_to_end).run())
    await until_async(lambda: len(owned) == len(SHARDS))
    await end(keeping)
    held = rows(database_url, "SELECT count(*) FROM service.shards WHERE expires_at > clock_timestamp()")
    assert held == [(0,)]


async def test_a_hand_over_is_no_pause(
    partitions: list[PartitionStore], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two processes are joined by a third, which then stops, as in a rolling restart."""
    monkeypatch.setattr("shared.leases._BEAT_SECONDS", BEAT_SECONDS)
    monkeypatch.setattr("shared.leases.TTL_SECONDS", FOR_LONG_SECONDS)
    workers = [Worker(database_url, partitions, name) for name in ("one", "two", "three")]
    async with alive(workers[0]), alive(workers[1]):
        await until_async(lambda: sorted(shares(*workers)) == [0, 2, 3])
        begun = {shard: time.monotonic() for shard in SHARDS}
        async with alive(workers[2]):
            await until_async(lambda: sorted(shares(*workers)) == [1, 2, 2])
        await until_async(lambda: sorted(shares(*workers)) == [0, 2, 3])
        ended = time.monotonic()
        await until_async(lambda: all(longest_pause(workers, shard, ended) > 0 for shard in SHARDS))
    pauses = {shard: longest_pause(workers, shard, begun[shard]) for shard in SHARDS}
    assert max(pauses.values()) < HAND_OVER_SECONDS, pauses
    assert [worker.fenced for worker in workers] == [0, 0, 0]
    assert_gapless(partitions)


def longest_pause(workers: list[Worker], shard: str, begun: float) -> float:
    """Return the longest time without a commit to the shard since ``begun``; 0 when there was none."""
    moments = sorted(at for worker in workers for at in worker.committed[shard] if at > begun)
    return max((b - a for a, b in itertools.pairwise([begun, *moments])), default=0.0)


def assert_gapless(partitions: list[PartitionStore]) -> None:
    for store in partitions:
        found = [event.originator_version for event in store.recorder.select_events("counter:c:ada")]
        assert found == list(range(1, store.head() + 1))


async def test_a_dead_owner_is_taken_over_and_a_frozen_one_is_fenced(
    partitions: list[PartitionStore], database_url: str
) -> None:
    frozen, heir = Worker(database_url, partitions, "frozen", ("0", "1")), Worker(database_url, partitions, "heir")
    loop, thawing = asyncio.new_event_loop(), threading.Event()
    frozen_runs = asyncio.create_task(asyncio.to_thread(_run_in, loop, frozen))
    try:
        await until_async(lambda: shares(frozen) == [2])
        before = dict(frozen.owned)
        loop.call_soon_threadsafe(thawing.wait)  # the whole process stands still, beyond its leases
        async with alive(heir):
            await until_async(lambda: shares(heir) == [5])
            heads = [store.head() for store in partitions[:2]]
            thawing.set()
            await until_async(lambda: frozen.fenced == 2 or not frozen.owned)
            await until_async(lambda: all(store.head() > head for store, head in zip(partitions, heads, strict=False)))
            for lease in before.values():
                with pytest.raises(FencedError):
                    partitions[int(lease.shard)].commit(
                        lease, Commit(head=partitions[int(lease.shard)].head(), commits=0, clock=START)
                    )
    finally:
        thawing.set()
        loop.call_soon_threadsafe(lambda: [task.cancel() for task in asyncio.all_tasks(loop)])
        await frozen_runs
    assert_gapless(partitions)


def _run_in(loop: asyncio.AbstractEventLoop, worker: Worker) -> None:
    asyncio.set_event_loop(loop)
    with contextlib.closing(loop), contextlib.suppress(asyncio.CancelledError):
        loop.run_until_complete(worker.keeper.run())


async def test_two_who_both_believe_to_own_a_shard_never_both_write(
    partitions: list[PartitionStore], database_url: str
) -> None:
    """Leases are stolen all the time, with the work of those who lose them still going on."""
    landed: dict[int, list[str]] = defaultdict(list)
    store = partitions[0]

    def write(owner: str) -> None:
        for _ in range(12):
            lease = own(database_url, owner=owner)
            with contextlib.suppress(FencedError):
                opened = store.open(lease, [])
                head, commits = opened.head, opened.commits
                for _ in range(6):
                    store.commit(lease, Commit(head=head, commits=commits, clock=START, events=events(head + 1, 1)))
                    head, commits = head + 1, commits + 1
                    landed[head].append(owner)

    await asyncio.gather(*(asyncio.to_thread(write, owner) for owner in ("a", "b", "c")))
    assert {position: len(owners) for position, owners in landed.items()} == dict.fromkeys(
        range(1, store.head() + 1), 1
    )
    assert_gapless([store])


async def test_work_that_fails_is_started_afresh_and_leases_survive_a_lost_connection(
    partitions: list[PartitionStore], database_url: str
) -> None:
    worker = Worker(database_url, partitions, "one")
    failures = iter([ExceptionGroup("both", [RuntimeError("broken"), FencedError("0")])])
    work = worker.keeper._work

    async def failing_once(lease: Lease) -> None:
        for failure in failures:
            raise failure
        await work(lease)

    worker.keeper._work = failing_once
    async with alive(worker):
        await until_async(lambda: shares(worker) == [5])
        epochs = {shard: lease.epoch for shard, lease in worker.owned.items()}
        assert sorted(epochs.values()) == [1, 1, 1, 1, 2]
        with psycopg.connect(database_url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid()"
            )
        await asyncio.sleep(2.5)
        assert {shard: lease.epoch for shard, lease in worker.owned.items()} == epochs
    assert_gapless(partitions)


async def test_work_that_fails_at_once_is_not_tried_in_a_whirl(
    database_url: str, partitions: list[PartitionStore]
) -> None:
    """Each lease that is given back wakes who might want it: two processes would hand a broken shard to and fro."""
    assert partitions
    starts: list[float] = []

    async def fail(_lease: Lease) -> None:
        starts.append(time.monotonic())
        raise RuntimeError("broken")

    keepers = [LeaseKeeper(database_url, SCHEMA, ("0",), name, fail) for name in ("a", "b")]
    tasks = [asyncio.create_task(keeper.run()) for keeper in keepers]
    try:
        await until_async(lambda: len(starts) >= 6)
    finally:
        for task in tasks:
            await end(task)
    assert starts[5] - starts[0] >= 2.5, "once more at once as each joins, and then with every beat"
