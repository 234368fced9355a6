"""The relay on real servers: the log's public events in the stream, in order, each once."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from nats.aio.client import Client

from shared.bounded_wait import end
from shared.dead_letters import PUBLISHED
from shared.decider_process import DeciderProcess, Outlet, _Owner
from shared.event_store.codec import RecordedEvent
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Commit, Lease, datastore
from shared.event_store.store import PartitionStore
from shared.publisher import DurablePublisher
from shared.recent_states import CACHE_BYTES
from shared.relay import Relay, StaleReplicaError, StoreBehindError, published_position
from tests import servers
from tests.kernel.counter import START, Counted, CounterService, Reminded, counted_publication
from tests.kernel.kernel_tables import SCHEMA, own, rows, running, stores
from tests.waiting import until_async

STREAM = "TOUCHES"


@pytest.fixture
def partitions(database_url: str) -> Iterator[list[PartitionStore]]:
    with stores(database_url, partitions=3) as made:
        yield made


@pytest.fixture
def store(partitions: list[PartitionStore]) -> PartitionStore:
    return partitions[0]


class Log:
    """Writes a partition's log."""

    def __init__(self, store: PartitionStore, lease: Lease) -> None:
        self._store, self._lease = store, lease
        opened = store.open(lease, [])
        self.head, self._commits = opened.head, opened.commits

    def grow(self, count: int, member: str = "ada", *, private: bool = False) -> None:
        stream = f"counter:c{self._store.partition}:{member}"
        version = len(self._store.recorder.select_events(stream))
        event: Any = (
            Reminded(clock=START, total=1)
            if private
            else Counted(by="x", clock=START + timedelta(seconds=self.head), remind=None)
        )
        events = tuple(
            self._store.codec.to_stored_event(
                RecordedEvent(originator_id=stream, originator_version=version + n, event=event)
            )
            for n in range(1, count + 1)
        )
        self._store.commit(self._lease, Commit(head=self.head, commits=self._commits, clock=START, events=events))
        self.head += count
        self._commits += 1


def relay(client: Client, store: PartitionStore, lease: Lease, publisher: DurablePublisher | None = None) -> Relay:
    publisher = publisher or DurablePublisher(client, STREAM, once=True)
    public = {Counted: counted_publication}
    return Relay(client, publisher, store, lease, stream=STREAM, subject="needs-touch.>", public=public)


async def published(client: Client) -> list[tuple[str, int]]:
    """Partition and position of every message, in the order of the stream."""
    js = client.jetstream()
    state = (await js.stream_info(STREAM)).state
    found = []
    for seq in range(state.first_seq or 1, state.last_seq + 1):
        headers = (await js.get_msg(STREAM, seq)).headers or {}
        found.append((headers["ce-partition"], int(headers["ce-position"])))
    return found


async def all_published(client: Client, count: int) -> list[tuple[str, int]]:
    await stored(client, count)
    return await published(client)


async def stored(client: Client, count: int) -> None:
    async with asyncio.timeout(60):
        while (await client.jetstream().stream_info(STREAM)).state.messages < count:  # noqa: ASYNC110 -- NATS counts
            await asyncio.sleep(0.001)  # what is to be caught half done would be done by then


async def test_public_events_leave_in_order_and_others_stay(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(3)
    log.grow(2, private=True)
    one = relay(client, store, lease)
    async with running(one.run()):
        assert await all_published(client, 3) == [("0", 1), ("0", 2), ("0", 3)]
        log.grow(1, "bo")
        one.wake(log.head)
        assert await all_published(client, 4) == [("0", 1), ("0", 2), ("0", 3), ("0", 6)]
        await until_async(lambda: store.relayed(lease) == 6)


async def test_an_event_of_which_this_build_would_publish_less_than_is_stored_halts_the_share_and_says_so(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(3)
    known = b'{"by":"x","clock":"2026-11-23T09:00:00Z","remind":null}'
    newer = known.replace(b"}", b',"mood":"low"}')
    rows(database_url, "UPDATE service.p0_events SET state = %s WHERE notification_id = 2", newer)
    process = DeciderProcess(
        schema=SCHEMA,
        codec=store.codec,
        service=lambda _partition: CounterService(),
        inputs=lambda _partition: (),
        outlet=Outlet(stream=STREAM, subject="needs-touch.>", public={Counted: counted_publication}),
    )
    with datastore(database_url, SCHEMA, connections=4) as database:
        owner = _Owner(client, DurablePublisher(client, STREAM, once=True), database, process, CACHE_BYTES)
        async with running(owner.run(lease)) as (task,):
            await until_async(
                lambda: rows(database_url, "SELECT 1 FROM service.shards WHERE halted LIKE '%/2 holds %would lose%'")
            )
            assert not task.done(), "it keeps the share, lest the next old process run into the same"
    assert await published(client) == []
    rows(database_url, "UPDATE service.p0_events SET state = %s WHERE notification_id = 2", known)
    async with running(relay(client, store, lease).run()):
        assert await all_published(client, 3) == [("0", 1), ("0", 2), ("0", 3)]


async def test_how_far_it_came_is_noted_once_a_second(
    client: Client, store: PartitionStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[int] = []
    note = store.note_relayed

    def count(lease: Lease, position: int, seq: int = 0) -> None:
        noted.append(position)
        note(lease, position, seq)

    monkeypatch.setattr(store, "note_relayed", count, raising=False)
    lease = own(database_url)
    log, one = Log(store, lease), relay(client, store, lease)
    began = time.monotonic()
    async with running(one.run()):
        for number in range(1, 21):
            log.grow(1, f"member-{number}")
            one.wake(log.head)
            await stored(client, number)
        await until_async(lambda: store.relayed(lease) == 20)
    assert noted[-1] == 20
    assert len(noted) <= 3 + time.monotonic() - began


async def test_a_new_owner_goes_on_where_the_stream_ends(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    """Killed before it noted anything, and taken over long after the de-duplication window."""
    log = Log(store, own(database_url))
    log.grow(700)
    await servers.reconfigure(client, STREAM, duplicate_window=100_000_000)
    first = asyncio.create_task(relay(client, store, own(database_url)).run())
    await stored(client, 100)
    await end(first)
    log = Log(store, own(database_url, owner="another"))
    rows(database_url, "UPDATE service.shards SET relayed = 0")
    await asyncio.sleep(0.3)
    log.grow(600, "bo")
    async with running(relay(client, store, log._lease).run()):
        found = await all_published(client, 1_300)
    assert found == [("0", position) for position in range(1, 1_301)]


async def test_who_slept_beyond_the_window_and_was_replaced_publishes_nothing_when_it_wakes(
    client: Client, store: PartitionStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    await servers.reconfigure(client, STREAM, duplicate_window=100_000_000)
    lease, asleep, awake = own(database_url), copy.copy(store), asyncio.Event()
    awake.set()

    async def when_awake(work: Any, *args: Any, **kwargs: Any) -> Any:
        await awake.wait()
        return await asyncio.to_thread(work, *args, **kwargs)

    monkeypatch.setattr(asleep, "aside", when_awake, raising=False)
    Log(store, lease).grow(3)
    sleeper = relay(client, asleep, lease)
    sleeping = asyncio.create_task(sleeper.run())
    await until_async(lambda: store.relayed(lease) == 3)
    awake.clear()
    log = Log(store, own(database_url, owner="another"))
    log.grow(4)
    async with running(relay(client, store, log._lease).run()):
        await until_async(lambda: store.relayed(log._lease) == 7)
    await asyncio.sleep(0.3)
    sleeper.wake(log.head)
    awake.set()
    with pytest.raises(FencedError):
        await sleeping
    assert await published(client) == [("0", position) for position in range(1, 8)]


async def test_what_a_dead_owner_published_and_did_not_note_is_noted_though_nothing_follows(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    Log(store, own(database_url)).grow(3)
    async with running(relay(client, store, own(database_url)).run()):
        await all_published(client, 3)
    rows(database_url, "UPDATE service.shards SET relayed = 0")
    lease = own(database_url, owner="another")
    async with running(relay(client, store, lease).run()):
        await until_async(lambda: store.relayed(lease) == 3)


async def test_nothing_is_lost_or_doubled_when_the_server_is_killed(store: PartitionStore, database_url: str) -> None:
    with servers.data_folder() as data:
        async with servers.running_nats(data) as server, servers.nats_client(server.url) as client:
            await servers.fresh_streams(client)
            lease = own(database_url)
            log = Log(store, lease)
            one = relay(client, store, lease)
            async with running(one.run()):
                for _ in range(4):
                    log.grow(150)
                    one.wake(log.head)
                    await asyncio.sleep(0.02)
                    await servers.kill_nats(server)
                    await server.start()
                found = await all_published(client, 600)
    assert found == [("0", position) for position in range(1, 601)]


async def test_a_retried_copy_of_an_earlier_message_hides_nothing(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    """It is the last message of its subject, where a new owner looks for how far its predecessor came."""
    lease = own(database_url)
    Log(store, lease).grow(3)
    async with running(relay(client, store, lease).run()):
        await all_published(client, 3)
    js = client.jetstream()
    first = await js.get_msg(STREAM, 1)
    headers = {**(first.headers or {}), "Nats-Msg-Id": "retry", PUBLISHED: "3"}
    await js.publish(first.subject or "", first.data or b"", headers=headers)
    assert await published_position(client, STREAM, "needs-touch.>", 0) == 3


async def test_where_retention_emptied_the_stream_the_store_remembers(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(5)
    async with running(relay(client, store, lease).run()):
        await all_published(client, 5)
        await until_async(lambda: store.relayed(lease) == 5)
    await client.jetstream().purge_stream(STREAM)
    log.grow(1)
    async with running(relay(client, store, lease).run()):
        assert await all_published(client, 1) == [("0", 6)]


async def test_partitions_do_not_mix(client: Client, partitions: list[PartitionStore], database_url: str) -> None:
    leases = [own(database_url, str(number)) for number in range(3)]
    for store, lease, count in zip(partitions, leases, (4, 30, 0), strict=True):
        Log(store, lease).grow(count, f"member-{store.partition}")
    relays = [relay(client, store, lease) for store, lease in zip(partitions, leases, strict=True)]
    async with running(*(one.run() for one in relays)):
        found = await all_published(client, 34)
    assert [position for partition, position in found if partition == "0"] == [1, 2, 3, 4]
    assert [position for partition, position in found if partition == "1"] == list(range(1, 31))
    last = [await published_position(client, STREAM, "needs-touch.>", number) for number in range(3)]
    assert last == [4, 30, 0]
    assert (await client.jetstream().consumers_info(STREAM)) == []


async def test_under_load_what_comes_gathers_and_partitions_share_batches(
    client: Client, partitions: list[PartitionStore], database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.relay._GATHER_SECONDS", 5.0)
    leases = [own(database_url, str(store.partition)) for store in partitions]
    logs = [Log(store, lease) for store, lease in zip(partitions, leases, strict=True)]
    publisher = DurablePublisher(client, STREAM, once=True)
    relays = [relay(client, *owned, publisher) for owned in zip(partitions, leases, strict=True)]
    for log in logs:
        log.grow(100)
    async with running(*(one.run() for one in relays)):
        await until_async(
            lambda: [store.relayed(lease) for store, lease in zip(partitions, leases, strict=True)] == [100] * 3
        )
        for number in range(6):
            for log, one in zip(logs, relays, strict=True):
                log.grow(60, f"member-{number}")
                one.wake(log.head)
                await client.jetstream().stream_info(STREAM)  # the relays have their turn
        await stored(client, 300 + 6 * 180)
    js = client.jetstream()
    later = [(await js.get_msg(STREAM, seq)).headers or {} for seq in range(301, 301 + 6 * 180)]
    # Eighteen times something was there to publish: at each of the moments, three at most are on their way.
    assert len({headers["Nats-Batch-Id"] for headers in later}) <= 9
    for number in range(3):
        found = [int(headers["ce-position"]) for headers in later if headers["ce-partition"] == str(number)]
        assert found == list(range(101, 461))


async def test_a_store_that_was_restored_from_earlier_is_refused(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    Log(store, lease).grow(5)
    async with running(relay(client, store, lease).run()):
        await all_published(client, 5)
    refused = pytest.raises(StoreBehindError, match=r"holds the position 5 .* its log ends at 0")
    with stores(database_url) as (empty,), refused:
        await relay(client, empty, own(database_url)).run()


async def test_an_answer_from_a_replica_that_lags_is_not_believed(
    client: Client, store: PartitionStore, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The leader's end is beyond what the consumer saw: taken at its word, its last messages would be sent again."""
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(3)
    async with running(relay(client, store, lease).run()):
        await all_published(client, 3)
    ends = iter([7, 3])

    async def end_of_stream(*_asked: object) -> int:
        return next(ends)

    monkeypatch.setattr("shared.relay.last_sequence", end_of_stream)
    with pytest.raises(StaleReplicaError, match="ends at 3, and its leader at 7"):
        await published_position(client, STREAM, "needs-touch.>", 0)
    assert await published_position(client, STREAM, "needs-touch.>", 0) == 3
