from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from ingest_world import TOKEN, Ingest, World, posted

from tests.waiting import until_async

LONGER_THAN_CACHED = 7.0
"""Seconds after which nothing that was read before is fresh any more."""
pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_killed_nats_server_loses_and_doubles_nothing(world: World) -> None:
    community = await world.new_community()
    pid = int((Path(world.nats.log).parents[1] / "nats" / "nats.pid").read_text())

    async def send(sender: str, client: httpx.AsyncClient) -> None:
        for round_ in range(12):
            batch = [posted(f"{sender}:{round_:02}:{number}", community) for number in range(20)]
            body = batch if sender < "c" else batch[0]
            answer = await client.post("/v1/events", json=body)
            assert answer.status_code == 200
            assert answer.json()["duplicate"] == 0
            if (sender, round_) == ("a", 3):
                os.kill(pid, signal.SIGKILL)
                await world.nats.wait()
                await world.nats.start()

    async with world.client() as client:
        await asyncio.gather(*(send(sender, client) for sender in "abcd"))
    await until_async(lambda: world.nc.is_connected)
    stored = [event.id for event in await world.stored(community)]
    assert len(stored) == len(set(stored)) == 2 * 12 * 20 + 2 * 12
    for sender in "abcd":
        own = [event_id for event_id in stored if event_id.startswith(sender)]
        rounds = [event_id.split(":")[1] for event_id in own]
        assert rounds == sorted(rounds)


async def test_without_postgresql_a_token_cannot_be_checked(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    await world.postgres.stop()
    try:
        async with world.client(token) as client:
            answer = await client.post("/v1/events", json=posted("1", None))
            assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
            assert (await client.get("/healthz")).status_code == 503
    finally:
        await world.postgres.start()
    async with world.client(token) as client:

        async def accepted() -> bool:
            return (await client.post("/v1/events", json=posted("1", None))).status_code == 200

        await until_async(accepted)
    assert [event.id for event in await world.stored(community)] == ["1"]


async def test_without_postgresql_events_of_a_token_and_a_community_that_are_known_are_taken(world: World) -> None:
    community = await world.new_community()
    token = await world.new_source(community)
    async with world.client(token) as client, world.client() as admin:
        assert (await client.post("/v1/events", json=posted("0", None))).status_code == 200
        await world.postgres.stop()
        try:
            ids, until_then = ["0"], asyncio.get_running_loop().time() + LONGER_THAN_CACHED
            while asyncio.get_running_loop().time() < until_then:
                ids.append(f"{len(ids)}")
                assert (await client.post("/v1/events", json=posted(ids[-1], None))).status_code == 200
            answer = await admin.post("/v1/events", json=posted("other", world.new_name()))
            assert answer.status_code == 503
            async with world.client("not-known") as stranger:
                assert (await stranger.post("/v1/events", json=posted("no", None))).status_code == 503
        finally:
            await world.postgres.start()

        async def refused() -> bool:
            async with world.client("not-known") as stranger:
                return (await stranger.post("/v1/events", json=posted("no", None))).status_code == 401

        await until_async(refused)
        assert (await client.post("/v1/events", json=posted("last", None))).status_code == 200
    assert [event.id for event in await world.stored(community)] == [*ids, "last"]


async def test_health_says_what_is_wrong(world: World) -> None:
    async with world.client(None) as client:
        assert (await client.get("/healthz")).json() == {"status": "ok", "nats": "ok", "postgres": "ok"}
        await world.nats.stop()
        try:
            answer = await client.get("/healthz")
            assert answer.status_code == 503
            assert answer.json()["nats"] != "ok"
            assert answer.json()["postgres"] == "ok"
        finally:
            await world.nats.start()

        async def healthy() -> bool:
            return (await client.get("/healthz")).status_code == 200

        await until_async(healthy)


MakeIngest = Callable[[str], Ingest]


@pytest_asyncio.fixture(loop_scope="session")
async def make_ingest(world: World, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[MakeIngest]:
    made: list[Ingest] = []

    def make(nats_url: str) -> Ingest:
        made.append(Ingest(nats_url, world.postgres.url, unused_tcp_port, tmp_path / "log"))
        return made[-1]

    yield make
    for ingest in made:
        await ingest.kill()


async def test_sigterm_finishes_the_request_in_flight(world: World, make_ingest: MakeIngest) -> None:
    community = await world.new_community()
    ingest = make_ingest(world.nats.url)
    await ingest.start()
    body = json.dumps(posted("late", community)).encode()
    reader, writer = await asyncio.open_connection("127.0.0.1", ingest.port)
    head = f"POST /v1/events HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\nContent-Type: application/json\r\n"
    writer.write(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body[:10])
    await writer.drain()

    async def has_arrived() -> bool:
        async with httpx.AsyncClient(trust_env=False) as client:
            return (await client.get(f"{ingest.url}/healthz")).status_code == 200

    await until_async(has_arrived)
    stopping = asyncio.create_task(ingest.stop())
    await until_async(lambda: "Shutting down" in ingest.log.read_text())
    writer.write(body[10:])
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()
    assert await stopping == 0
    assert [event.id for event in await world.stored(community)] == ["late"]


async def test_without_nats_ingest_waits_and_can_be_stopped(make_ingest: MakeIngest) -> None:
    ingest = make_ingest("nats://127.0.0.1:1")
    starting = asyncio.create_task(ingest.start())
    await until_async(lambda: ingest.log.exists() and "nats_error" in ingest.log.read_text(), seconds=60)
    starting.cancel()
    assert await ingest.stop() == 0
    assert ingest.log.read_text().count("nats_error") == 1
