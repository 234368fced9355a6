from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import nats
import pytest
from nats.aio.client import Client

from infra.embedded.nats import NatsServer
from infra.ports import claim_internal
from shared.publisher import (
    ATOMIC_FROM_MESSAGES,
    DurablePublisher,
    Outgoing,
    PublishUnavailableError,
    PubResult,
    StreamFullError,
)
from tests.waiting import until_async

STREAM = "EVENTS"


class Broker:
    """A real server with one stream."""

    def __init__(self, data: Path, port: int) -> None:
        self.server = NatsServer(data, port)
        self._pid_file = data / "nats" / "nats.pid"
        self.nc: Client

    async def start(self) -> None:
        await self.server.start()
        self.nc = await nats.connect(
            self.server.url, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=_ignore
        )
        await self.configure("CREATE")

    async def configure(self, verb: str = "UPDATE", **settings: Any) -> None:
        config = {
            "name": STREAM,
            "subjects": ["e.>"],
            "storage": "file",
            "discard": "new",
            "duplicate_window": 600_000_000_000,
            "allow_atomic": True,
            **settings,
        }
        reply = await self.nc.request(f"$JS.API.STREAM.{verb}.{STREAM}", json.dumps(config).encode(), timeout=30)
        assert b'"error"' not in reply.data, reply.data

    async def kill(self) -> None:
        os.kill(int(self._pid_file.read_text()), signal.SIGKILL)
        await self.server.wait()

    async def stored(self) -> list[str]:
        js = self.nc.jetstream(timeout=30)
        last = (await js.stream_info(STREAM)).state.last_seq
        return [str((await js.get_msg(STREAM, seq)).data, "utf-8").strip(".") for seq in range(1, last + 1)]


@pytest.fixture
async def broker() -> AsyncIterator[Broker]:
    data = Path(tempfile.mkdtemp(prefix="warmline-test-"))
    claim = claim_internal(None)
    made = Broker(data, claim.port)
    try:
        await made.start()
        yield made
        await made.nc.close()
    finally:
        await made.server.stop()
        claim.release()
        shutil.rmtree(data)


def messages(*names: str, padding: int = 0) -> list[Outgoing]:
    return [Outgoing(subject="e.x", headers={}, body=(name + "." * padding).encode(), msg_id=name) for name in names]


def numbered(prefix: str, count: int) -> list[str]:
    return [f"{prefix}{number:04}" for number in range(count)]


@pytest.mark.parametrize("count", [1, ATOMIC_FROM_MESSAGES - 1, ATOMIC_FROM_MESSAGES, 2500])
async def test_messages_are_stored_in_order_and_their_places_told(broker: Broker, count: int) -> None:
    results = await DurablePublisher(broker.nc, STREAM).publish(messages(*numbered("m", count)))
    assert results == [PubResult(seq=seq, duplicate=False) for seq in range(1, count + 1)]
    assert await broker.stored() == numbered("m", count)


async def test_a_large_call_is_divided_by_bytes(broker: Broker) -> None:
    names = numbered("m", 30)
    await DurablePublisher(broker.nc, STREAM).publish(messages(*names, padding=500_000))
    assert await broker.stored() == names


async def test_many_calls_at_once_each_keep_their_order(broker: Broker) -> None:
    publisher = DurablePublisher(broker.nc, STREAM)
    calls = [numbered(f"{number:02}-", size) for number, size in enumerate([1, 3, 40, 1, 200, 7, 1100, 2, 60])]
    all_results = await asyncio.gather(*(publisher.publish(messages(*call)) for call in calls))
    stored = await broker.stored()
    assert sorted(stored) == sorted(name for call in calls for name in call)
    for call, results in zip(calls, all_results, strict=True):
        assert [stored[result.seq - 1] for result in results] == call


@pytest.mark.parametrize("count", [4, 100])
async def test_a_duplicate_is_told_and_stored_once(broker: Broker, count: int) -> None:
    publisher = DurablePublisher(broker.nc, STREAM)
    names = numbered("m", count)
    first = await publisher.publish(messages(*names))
    again = await publisher.publish(messages("new", *names, "new", "newer"))
    assert [result.duplicate for result in again] == [False, *([True] * count), True, False]
    assert [result.seq for result in again[1:-2]] == [result.seq for result in first]
    assert await broker.stored() == [*names, "new", "newer"]


async def test_a_call_with_a_duplicate_does_not_make_others_pay(broker: Broker) -> None:
    publisher = DurablePublisher(broker.nc, STREAM)
    await publisher.publish(messages("known"))
    calls = [messages(*numbered("a", 50)), messages("known", *numbered("b", 50)), messages(*numbered("c", 50))]
    results = await asyncio.gather(publisher.publish(messages("first")), *map(publisher.publish, calls))
    assert [sum(result.duplicate for result in call) for call in results] == [0, 0, 1, 0]
    assert len(await broker.stored()) == 152


@pytest.mark.parametrize("count", [3, 100])
async def test_a_full_stream_is_an_error_at_once(broker: Broker, count: int) -> None:
    await broker.configure(max_msgs=2)
    with pytest.raises(StreamFullError):
        await asyncio.wait_for(DurablePublisher(broker.nc, STREAM).publish(messages(*numbered("m", count))), 15)
    assert await broker.stored() == ([] if count >= ATOMIC_FROM_MESSAGES else numbered("m", 2))
    await broker.configure(max_msgs=-1)
    await DurablePublisher(broker.nc, STREAM).publish(messages(*numbered("m", count)))
    assert await broker.stored() == numbered("m", count)


@pytest.mark.parametrize("size", [1, 5, 60])
async def test_a_killed_server_changes_neither_order_nor_number(broker: Broker, size: int) -> None:
    publisher = DurablePublisher(broker.nc, STREAM)
    calls = [numbered(f"{number:02}-", size) for number in range(4 + 300 // size)]

    async def publish_all() -> list[list[PubResult]]:
        return [await publisher.publish(messages(*call)) for call in calls]

    publishing = asyncio.create_task(publish_all())
    while (await broker.nc.jetstream().stream_info(STREAM)).state.messages < 3 * size:
        pass
    await broker.kill()
    await broker.server.start()
    results = await asyncio.wait_for(publishing, 30)
    assert not any(result.duplicate for call in results for result in call)
    assert await broker.stored() == [name for call in calls for name in call]


async def test_while_the_server_is_away_publishing_ends_with_an_error_in_time(broker: Broker) -> None:
    publisher = DurablePublisher(broker.nc, STREAM, patience=0.3)
    await broker.server.stop()
    outcomes = await asyncio.wait_for(
        asyncio.gather(*(publisher.publish(messages(name)) for name in "abc"), return_exceptions=True), 5
    )
    assert [type(outcome) for outcome in outcomes] == [PublishUnavailableError] * 3
    await broker.server.start()
    await until_async(lambda: broker.nc.is_connected)
    await publisher.publish(messages("d"))
    assert (await broker.stored())[-1] == "d"


async def test_without_the_stream_publishing_is_unavailable(broker: Broker) -> None:
    other = DurablePublisher(broker.nc, "ANOTHER", patience=0.2)
    with pytest.raises(PublishUnavailableError, match="expected stream"):
        await other.publish(messages("a"))
    with pytest.raises(PublishUnavailableError, match="confirm"):
        await other.publish([Outgoing(subject="nowhere", headers={}, body=b"", msg_id="a")])


async def test_a_caller_who_gives_up_disturbs_nobody(broker: Broker) -> None:
    publisher = DurablePublisher(broker.nc, STREAM)
    gone = asyncio.create_task(publisher.publish(messages(*numbered("a", 200))))
    stays = asyncio.create_task(publisher.publish(messages(*numbered("b", 200))))
    await asyncio.sleep(0)
    gone.cancel()
    assert len(await stays) == 200
    assert [name for name in await broker.stored() if name.startswith("b")] == numbered("b", 200)


async def _ignore(_error: Exception) -> None:
    """Keep nats-py from logging what a stopped server means for it."""
