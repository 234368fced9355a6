"""The reader of a stream on a real server: all of it, in order, once, whatever happens to consumer and server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from shared.batch_consumer import BatchConsumer
from shared.delivery import Message
from shared.event_store.errors import StreamReplacedError
from shared.nats_client import QuickClient
from shared.nats_deliveries import Delivery
from shared.publisher import DurablePublisher, Outgoing
from tests import servers
from tests.waiting import until_async

STREAM = "MEMBER_EVENTS"
SUBJECTS = ("p.0.member.>",)


def message(number: int, subject: str = "p.0.member.c.discord.posted", size: int = 0) -> Outgoing:
    body = str(number).encode().ljust(size, b" ")
    return Outgoing(subject=subject, headers={}, body=body, msg_id=f"{subject}/{number}")


async def publish(client: Client, first: int, count: int, size: int = 0) -> None:
    await DurablePublisher(client, STREAM).publish([message(n, size=size) for n in range(first, first + count)])


@asynccontextmanager
async def consuming(client: Client, start: int = 0) -> AsyncIterator[tuple[BatchConsumer, asyncio.Event]]:
    arrived = asyncio.Event()
    consumer = BatchConsumer(client, STREAM, SUBJECTS, start, arrived)
    await consumer.open()
    try:
        yield consumer, arrived
    finally:
        await consumer.close()


async def take(consumer: BatchConsumer, arrived: asyncio.Event, count: int, seconds: float = 60) -> list[Message]:
    taken: list[Message] = []
    async with asyncio.timeout(seconds):
        while len(taken) < count:
            await arrived.wait()
            arrived.clear()
            taken += consumer.take(500)
    return taken


def numbers(messages: list[Message]) -> list[int]:
    return [int(one.body) for one in messages]


async def consumers_on_the_server(client: Client) -> list[str]:
    answer = json.loads((await client.request(f"$JS.API.CONSUMER.NAMES.{STREAM}", b"")).data)
    return list(answer["consumers"] or [])


async def test_everything_comes_in_order_once_and_only_what_was_asked_for(client: Client) -> None:
    async with consuming(client) as (consumer, arrived):
        before = datetime.now(UTC) - timedelta(seconds=1)
        await publish(client, 1, 3)
        await DurablePublisher(client, STREAM).publish([message(99, "p.1.member.c.discord.posted")])
        await publish(client, 4, 20_000)
        taken = await take(consumer, arrived, 20_003)
        assert numbers(taken) == list(range(1, 20_004))
        assert [one.seq for one in taken[:5]] == [1, 2, 3, 5, 6]
        assert (taken[0].stream, taken[0].subject) == (STREAM, "p.0.member.c.discord.posted")
        assert before < taken[0].stored <= taken[-1].stored < datetime.now(UTC) + timedelta(seconds=1)
        assert consumer.take(5) == []
    assert await consumers_on_the_server(client) == []


async def test_what_comes_fast_is_let_to_gather(client: Client) -> None:
    async def send() -> None:
        for _ in range(100):
            for _ in range(4):
                await client.publish("p.0.member.c.discord.posted", b"1")
            await asyncio.sleep(0.008)  # the pace is what is tested

    async with consuming(client) as (consumer, arrived), asyncio.TaskGroup() as group:
        group.create_task(send())
        received, tellings = 0, 0
        async with asyncio.timeout(60):
            while received < 400:
                await arrived.wait()
                arrived.clear()
                received += len(consumer.take(500))
                tellings += 1
        assert tellings < 60


async def test_the_next_pull_waits_at_the_server_while_one_is_answered(client: Client) -> None:
    async with consuming(client) as (consumer, arrived):

        async def two_wait() -> bool:
            [info] = await client.jetstream().consumers_info(STREAM)
            return info.num_waiting == 2

        await until_async(two_wait)
        await publish(client, 0, 700)
        assert numbers(await take(consumer, arrived, 700)) == list(range(700))
        await until_async(two_wait)


async def test_it_goes_on_after_where_it_starts(client: Client) -> None:
    await publish(client, 1, 50)
    async with consuming(client, start=40) as (consumer, arrived):
        assert numbers(await take(consumer, arrived, 10)) == list(range(41, 51))


async def test_a_slow_taker_is_not_flooded_and_not_forgotten(client: Client) -> None:
    await publish(client, 1, 6_000)
    async with consuming(client) as (consumer, arrived):
        await until_async(lambda: consumer._asked == 0)
        first_name = consumer._name
        consumer._heard -= 3600  # as if nobody had taken anything for an hour
        consumer._attend.set()
        assert 2_000 <= len(consumer._waiting) <= 3_000
        assert numbers(await take(consumer, arrived, 6_000)) == list(range(1, 6_001))
        assert consumer._name == first_name


async def test_big_messages_do_not_get_lost(client: Client) -> None:
    await publish(client, 1, 40, size=900_000)
    async with consuming(client) as (consumer, arrived):
        assert numbers(await take(consumer, arrived, 40)) == list(range(1, 41))


async def test_a_consumer_deleted_on_the_server_is_replaced(client: Client) -> None:
    async with consuming(client) as (consumer, arrived):
        await publish(client, 1, 10)
        taken = await take(consumer, arrived, 10)
        for name in await consumers_on_the_server(client):
            await client.request(f"$JS.API.CONSUMER.DELETE.{STREAM}.{name}", b"")
        await publish(client, 11, 10)
        taken += await take(consumer, arrived, 10)
        assert numbers(taken) == list(range(1, 21))


async def test_a_lost_delivery_is_noticed_and_fetched_again(client: QuickClient) -> None:
    async with consuming(client) as (consumer, arrived):
        await publish(client, 1, 5)
        taken = await take(consumer, arrived, 5)
        ((sid, deliver),) = client.deliveries.takers.items()
        lost: list[Delivery] = []

        def lossy(deliveries: Sequence[Delivery]) -> None:
            missing = max(0, 3 - len(lost))
            lost.extend(deliveries[:missing])
            deliver(deliveries[missing:])

        client.deliveries.takers[sid] = lossy
        await publish(client, 6, 3)
        taken += await take(consumer, arrived, 3)
        await publish(client, 9, 3)
        taken += await take(consumer, arrived, 3)
        assert len(lost) == 3
        assert numbers(taken) == list(range(1, 12))


async def test_idle_is_told_only_when_all_was_taken(client: Client) -> None:
    async with consuming(client) as (consumer, arrived):
        idle = await consumer.idle_since()
        assert idle is not None
        await publish(client, 1, 1)
        await arrived.wait()
        assert await consumer.idle_since() is None
        (one,) = consumer.take(5)
        idle = await consumer.idle_since()
        assert idle is not None
        assert idle < one.stored  # for a moment it is not sure whether an older one is still being written
        for name in await consumers_on_the_server(client):
            await client.request(f"$JS.API.CONSUMER.DELETE.{STREAM}.{name}", b"")
        assert await consumer.idle_since() is None


async def test_who_is_delivered_nothing_is_idle_however_much_others_get(client: Client) -> None:
    await publish(client, 1, 5)
    arrived = asyncio.Event()
    consumer = BatchConsumer(client, STREAM, ["p.7.member.>"], 0, arrived)
    await consumer.open()
    try:
        assert await consumer.idle_since() is not None
    finally:
        await consumer.close()


async def test_a_stream_that_is_missing_shorter_or_another_is_told(client: Client) -> None:
    await publish(client, 1, 5)
    with pytest.raises(StreamReplacedError, match=r"read up to 6, but it ends at 5"):
        async with consuming(client, start=6):
            pass
    async with consuming(client) as (consumer, arrived):
        await take(consumer, arrived, 5)
        await servers.fresh_streams(client)
        await publish(client, 1, 9)
        with pytest.raises(StreamReplacedError, match="deleted and made anew"):
            await take(consumer, arrived, 1)
    await client.request(f"$JS.API.STREAM.DELETE.{STREAM}", b"")
    with pytest.raises(NotFoundError):
        async with consuming(client):
            pass


async def test_nothing_is_lost_or_doubled_when_the_server_is_killed_again_and_again() -> None:
    with servers.data_folder() as data:
        async with servers.running_nats(data) as server, servers.nats_client(server.url) as client:
            await servers.fresh_streams(client)
            sending = asyncio.create_task(send_all(client, 4_000))
            async with consuming(client) as (consumer, arrived):
                taken = await take(consumer, arrived, 500)
                for _ in range(3):
                    await servers.kill_nats(server)
                    await server.start()
                    taken += await take(consumer, arrived, 500)
                taken += await take(consumer, arrived, 4_000 - len(taken))
                await sending
                assert numbers(taken) == list(range(1, 4_001))
                assert consumer.take(1) == []


async def send_all(client: Client, count: int) -> None:
    publisher = DurablePublisher(client, STREAM)
    for first in range(1, count, 100):
        await publisher.publish([message(number) for number in range(first, first + 100)])
