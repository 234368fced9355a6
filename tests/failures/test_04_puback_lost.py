"""The PubAck is lost, or a publication fails while disconnected: it is tried with the same id and stored once."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

import pytest
from nats.aio.client import Client

from shared.contracts.subjects import MEMBER_EVENTS
from shared.publisher import ATOMIC_FROM_MESSAGES, DurablePublisher, Outgoing, PublishUnavailableError
from tests import servers
from tests.chaos.link import Link
from tests.waiting import until_async

COUNTS = [1, ATOMIC_FROM_MESSAGES - 1, 2 * ATOMIC_FROM_MESSAGES]
NAMES = ["a single message", "some, one by one", "an atomic batch"]


@asynccontextmanager
async def connected_through(nats_url: str, link: Link) -> AsyncIterator[Client]:
    """A client behind ``link``, with one message published."""
    host, port = await link.listen()
    url = urlsplit(nats_url)
    through = url._replace(netloc=f"{url.username}:{url.password}@{host}:{port}").geturl()
    try:
        async with servers.nats_client(through) as client:
            await DurablePublisher(client, MEMBER_EVENTS).publish(messages(1, "warm"))
            yield client
    finally:
        await link.close()


def messages(count: int, name: str = "m") -> list[Outgoing]:
    return [
        Outgoing(subject="p.0.member.acme.discord.posted", headers={}, body=b"{}", msg_id=f"{name}:{number}")
        for number in range(count)
    ]


async def last_sequence(client: Client) -> int:
    answer = await client.request(f"$JS.API.STREAM.INFO.{MEMBER_EVENTS}", b"", timeout=30)
    last: int = json.loads(answer.data)["state"]["last_seq"]
    return last


async def stored(client: Client, sequence: int) -> None:
    async def reached() -> bool:
        return await last_sequence(client) >= sequence

    await until_async(reached)


async def ids(client: Client) -> Sequence[str]:
    stream = client.jetstream()
    found = [await stream.get_msg(MEMBER_EVENTS, seq) for seq in range(1, await last_sequence(client) + 1)]
    return [(one.headers or {})["Nats-Msg-Id"] for one in found]


def port_of(url: str) -> int:
    return urlsplit(url).port or 0


@pytest.mark.parametrize("count", COUNTS, ids=NAMES)
async def test_what_was_stored_unseen_is_not_stored_again(client: Client, nats_url: str, count: int) -> None:
    link = Link(port_of(nats_url))
    async with connected_through(nats_url, link) as through:
        link.begin("replies lost")
        publishing = asyncio.create_task(DurablePublisher(through, MEMBER_EVENTS).publish(messages(count)))
        await stored(client, 2)
        link.end()
        results = await publishing
    assert [(result.seq, result.duplicate) for result in results] == [(2 + n, False) for n in range(count)]
    assert await ids(client) == ["warm:0", *(f"m:{n}" for n in range(count))]


@pytest.mark.parametrize("count", COUNTS, ids=NAMES)
async def test_what_failed_is_published_again_with_the_same_ids(client: Client, nats_url: str, count: int) -> None:
    link = Link(port_of(nats_url))
    async with connected_through(nats_url, link) as through:
        link.begin("replies lost")
        with pytest.raises(PublishUnavailableError):
            await DurablePublisher(through, MEMBER_EVENTS, patience=2).publish(messages(count))
        link.end()
        results = await DurablePublisher(through, MEMBER_EVENTS).publish(messages(count))
    assert [result.seq for result in results] == [2 + n for n in range(count)]
    assert await ids(client) == ["warm:0", *(f"m:{n}" for n in range(count))]
