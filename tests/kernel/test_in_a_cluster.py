"""The kernel over three NATS servers: consumers die with their server, leaders move, replicas lag."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from nats.aio.client import Client

from infra.nats_readiness import wait_for_jetstream
from shared.batch_consumer import BatchConsumer
from shared.event_store.store import PartitionStore
from shared.publisher import DurablePublisher, Outgoing
from shared.relay import published_position
from shared.stream_identity import last_sequence, next_sequence
from tests import servers
from tests.kernel.kernel_tables import own, running, stores
from tests.kernel.test_relay import Log, all_published, relay
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="module")
STREAM = "MEMBER_EVENTS"
SUBJECT = "p.0.member.acme.discord.posted"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def cluster() -> AsyncIterator[servers.NatsCluster]:
    with servers.data_folder() as data:
        async with servers.running_nats_cluster(data) as made:
            yield made


@pytest_asyncio.fixture(loop_scope="module")
async def nats_client(cluster: servers.NatsCluster) -> AsyncIterator[Client]:
    """A connection, with Warmline's streams on all three servers and empty."""
    await wait_for_jetstream(cluster.url)
    async with servers.nats_client(cluster.url) as connected:
        await servers.fresh_streams(connected, replicas=3)
        yield connected


@pytest.fixture
def store(database_url: str) -> Iterator[PartitionStore]:
    with stores(database_url) as (made,):
        yield made


def messages(first: int, count: int) -> list[Outgoing]:
    return [
        Outgoing(subject=SUBJECT, headers={}, body=str(number).encode(), msg_id=str(number))
        for number in range(first, first + count)
    ]


async def take(consumer: BatchConsumer, arrived: asyncio.Event, count: int) -> list[int]:
    taken: list[int] = []
    async with asyncio.timeout(60):
        while len(taken) < count:
            await arrived.wait()
            arrived.clear()
            taken += [int(message.body) for message in consumer.take(500)]
    return taken


async def place_of(client: Client, consumer: BatchConsumer) -> int:
    """The node, from 0, on which the consumer lives."""
    request = f"$JS.API.CONSUMER.INFO.{STREAM}.{consumer._name}"
    info = json.loads((await client.request(request, b"", timeout=30)).data)
    return int(info["cluster"]["leader"][-1]) - 1


async def test_a_consumer_goes_on_when_its_server_is_killed(cluster: servers.NatsCluster, nats_client: Client) -> None:
    publisher, arrived = DurablePublisher(nats_client, STREAM), asyncio.Event()
    consumer = BatchConsumer(nats_client, STREAM, [SUBJECT], 0, arrived)
    await publisher.publish(messages(1, 300))
    await consumer.open()
    try:
        taken = await take(consumer, arrived, 300)
        victim = await place_of(nats_client, consumer)
        await cluster.kill(victim)
        await publisher.publish(messages(301, 300))
        taken += await take(consumer, arrived, 300)
        await cluster.revive(victim)
        assert taken == list(range(1, 601))
    finally:
        await consumer.close()


async def test_idle_is_told_by_the_streams_leader_and_only_of_what_no_other_leader_could_know(
    nats_client: Client,
) -> None:
    publisher, arrived = DurablePublisher(nats_client, STREAM), asyncio.Event()
    await publisher.publish(messages(1, 3))
    consumer = BatchConsumer(nats_client, STREAM, [SUBJECT], 0, arrived)
    await consumer.open()
    try:
        await take(consumer, arrived, 3)
        idle = await consumer.idle_since()
        assert idle is not None
        assert timedelta(seconds=20) < datetime.now(UTC) - idle < timedelta(seconds=40)
        assert await next_sequence(nats_client, STREAM, SUBJECT, 2) == 3
        assert await next_sequence(nats_client, STREAM, SUBJECT, 3) == 0
        assert await next_sequence(nats_client, STREAM, "p.1.member.>", 0) == 0
        assert await last_sequence(nats_client, STREAM, "p.*.member.>") == 3
        # As on a replica that lags: what it has was taken, and the leader has more.
        consumer._received = 2
        assert await consumer._leader_has_more(2)
    finally:
        await consumer.close()


async def test_a_position_is_found_though_a_server_has_not_heard_of_the_consumer_yet(nats_client: Client) -> None:
    """Of a consumer on another server, the one that is asked hears a little later than its answer comes."""
    headers = {"ce-partition": "0", "ce-position": "7"}
    one = Outgoing(subject="needs-touch.c.s.r", headers=headers, body=b"", msg_id="1")
    await DurablePublisher(nats_client, "TOUCHES").publish([one])
    for _ in range(20):
        found = [published_position(nats_client, "TOUCHES", "needs-touch.>", 0) for _ in range(20)]
        assert await asyncio.gather(*found) == [7] * 20


async def test_a_relay_goes_on_when_the_streams_leader_is_killed(
    cluster: servers.NatsCluster, nats_client: Client, store: PartitionStore, database_url: str
) -> None:
    lease = own(database_url)
    log = Log(store, lease)
    one = relay(nats_client, store, lease)
    async with running(one.run()):
        for _ in range(2):
            leader = await servers.leader_of(nats_client, "TOUCHES")
            log.grow(150)
            one.wake(log.head)
            await asyncio.sleep(0.02)
            await cluster.kill(leader)
            log.grow(150)
            one.wake(log.head)
            await servers_store(nats_client, log.head)
            await cluster.revive(leader)
    found = await all_published(nats_client, 600)
    assert found == [("0", position) for position in range(1, 601)]


async def servers_store(client: Client, count: int) -> None:
    """Return once TOUCHES holds ``count`` messages."""

    async def end() -> int:
        return await last_sequence(client, "TOUCHES", "needs-touch.>")

    async def reached() -> bool:
        return await servers.once_answered(end) == count

    await until_async(reached, seconds=60)
