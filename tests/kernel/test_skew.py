"""A partition is refused when its log and the streams around it are not of one moment."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Iterator
from functools import partial

import pytest
from nats.aio.client import Client

from shared.contracts.subjects import subject_matches
from shared.event_store.errors import SkewError, StreamReplacedError
from shared.event_store.recorder import Commit, Lease, Moved
from shared.event_store.store import PartitionStore
from shared.publisher import DurablePublisher
from shared.relay import Relay, StoreBehindError
from shared.skew import refuse_skewed_inputs, refuse_skewed_outlet
from shared.stream_identity import look_at, message_at, reader_of
from tests import servers
from tests.kernel.counter import Counted, counted_publication, outgoing, post
from tests.kernel.kernel_tables import own, rows, running, stores
from tests.kernel.partition import INPUTS
from tests.kernel.test_relay import STREAM, Log, all_published


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    with stores(database_url) as (made,):
        yield made


def watchful_relay(
    client: Client, store: PartitionStore, lease: Lease, identity: Callable[[], Awaitable[str]] | None = None
) -> Relay:
    return Relay(
        client,
        DurablePublisher(client, STREAM, once=True),
        store,
        lease,
        stream=STREAM,
        subject="needs-touch.>",
        public={Counted: counted_publication},
        identity=identity or partial(reader_of, client, STREAM),
    )


async def look(client: Client, store: PartitionStore, lease: Lease) -> None:
    await refuse_skewed_inputs(client, store, lease, INPUTS)
    await refuse_skewed_outlet(client, store, lease, stream=STREAM, subject="needs-touch.>")


async def publish_all(client: Client, store: PartitionStore, lease: Lease, count: int) -> list[tuple[str, int]]:
    await look(client, store, lease)
    async with running(watchful_relay(client, store, lease).run()):
        return await all_published(client, count)


async def test_an_outlet_that_was_made_anew_is_filled_from_the_beginning(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(600)
    await publish_all(client, store, lease, 600)
    await servers.fresh_streams(client)
    log.grow(2)
    found = await publish_all(client, store, lease, 602)
    assert found == [("0", position) for position in range(1, 603)]


async def test_a_relay_at_work_notices_that_its_outlet_was_made_anew(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(3)
    await look(client, store, lease)
    relay = watchful_relay(client, store, lease)
    task = asyncio.create_task(relay.run())
    await all_published(client, 3)
    await servers.fresh_streams(client)
    log.grow(1)
    relay.wake(log.head)
    with pytest.raises(StreamReplacedError, match="but now the server has TOUCHES@"):
        await task
    assert (await look_at(client, STREAM)).last == 0


@pytest.mark.parametrize("count", [2, 40])
async def test_what_was_on_its_way_as_its_outlet_was_deleted_does_not_come_into_the_one_made_anew(
    client: Client, store: PartitionStore, database_url: str, count: int
) -> None:
    """Else the new one would begin in the middle of the log, and could never be filled in its order."""
    lease = own(database_url)
    log = Log(store, lease)
    log.grow(3)
    await publish_all(client, store, lease, 3)
    log.grow(count)
    looks = itertools.count(1)
    made_anew: list[asyncio.Task[None]] = []

    async def make_anew() -> None:
        await asyncio.sleep(0.5)  # the server says all the while that there is no such stream
        await servers.fresh_streams(client)

    async def deleted_after_the_look_before_publishing() -> str:
        seen = await reader_of(client, STREAM)
        if next(looks) == 2:
            await client.jetstream().delete_stream(STREAM)
            made_anew.append(asyncio.create_task(make_anew()))
        return seen

    with pytest.raises(StreamReplacedError, match="but now the server has TOUCHES@"):
        await watchful_relay(client, store, lease, deleted_after_the_look_before_publishing).run()
    await made_anew[0]
    found = await publish_all(client, store, lease, 3 + count)
    assert found == [("0", position) for position in range(1, 4 + count)]


async def test_an_outlet_that_was_cut_back_is_refused_even_if_it_has_grown_again(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    Log(store, lease).grow(3)
    await publish_all(client, store, lease, 3)
    rows(database_url, "UPDATE service.shards SET relayed_seq = 4")
    with pytest.raises(
        StreamReplacedError, match=r"up to the sequence 4, but the stream ends at 3.* warmline reconcile"
    ):
        await look(client, store, lease)
    await client.jetstream().publish("needs-touch.c.everyone.x", b"", headers={"ce-partition": "7", "ce-position": "9"})
    with pytest.raises(StreamReplacedError, match="another message stands there"):
        await look(client, store, lease)


async def test_an_outlet_restored_from_elsewhere_is_refused(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    Log(store, lease).grow(3)
    await publish_all(client, store, lease, 3)
    rows(database_url, "UPDATE service.shards SET relayed_in = 'TOUCHES@2020'")
    with pytest.raises(SkewError, match=r"published to TOUCHES@2020, but now the server has TOUCHES@.*position 3"):
        await look(client, store, lease)


async def test_a_log_that_ends_before_what_it_has_published_is_refused(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    Log(store, lease).grow(5)
    await publish_all(client, store, lease, 5)
    with stores(database_url) as (empty,), pytest.raises(StoreBehindError, match=r"position 5 .* its log ends at 0"):
        await look(client, empty, own(database_url))


async def test_an_input_that_was_cut_back_is_refused_even_if_it_has_grown_again(
    client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    publisher = DurablePublisher(client, "MEMBER_EVENTS")
    await publisher.publish([outgoing(post(number)) for number in (1, 2)])
    reader = await reader_of(client, "MEMBER_EVENTS")
    store.open(lease, [reader])
    second = await message_at(client, "MEMBER_EVENTS", 2)
    assert second is not None
    moved = Moved(reader=reader, expected=0, position=2)
    store.commit(lease, Commit(head=0, commits=0, clock=second.stored, moved=moved))
    await look(client, store, lease)
    rows(database_url, "UPDATE service.shards SET clock = clock - interval '1 second'")
    with pytest.raises(StreamReplacedError, match="cut back and has grown again"):
        await look(client, store, lease)
    rows(database_url, "UPDATE service.p0_tracking SET notification_id = 3")
    with pytest.raises(StreamReplacedError, match="read up to 3, but it ends at 2"):
        await look(client, store, lease)


@pytest.mark.parametrize(
    ("pattern", "takes_in"),
    [("p.0.member.>", True), ("p.1.member.>", False), ("p.*.member.c.discord.posted", True), ("p.0.member.c", False)],
)
def test_patterns(pattern: str, takes_in: bool) -> None:
    assert subject_matches("p.0.member.c.discord.posted", pattern) is takes_in
