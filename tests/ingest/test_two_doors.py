"""Two processes of ingest: what one of them was told, the other knows."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from ingest_world import TOKEN, Ingest, World, posted

from tests.waiting import until_async

BATCH = {"Content-Type": "application/cloudevents-batch+json"}
pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def other_door(world: World, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[httpx.AsyncClient]:
    async with door(world, unused_tcp_port, tmp_path) as client:
        yield client


@asynccontextmanager
async def door(world: World, port: int, folder: Path, **settings: str) -> AsyncIterator[httpx.AsyncClient]:
    ingest = Ingest(world.nats.url, world.postgres.url, port, folder / f"{port}.log", **settings)
    await ingest.start()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        async with httpx.AsyncClient(base_url=ingest.url, headers=headers, trust_env=False, timeout=30) as client:
            yield client
    finally:
        await ingest.kill()


async def test_a_policy_counts_at_the_other_door_at_once(world: World, other_door: httpx.AsyncClient) -> None:
    unknown = await other_door.post("/v1/events", json=posted("early", "nobodys-community"))
    assert unknown.status_code == 422
    community = await world.new_community()
    answer = await other_door.post("/v1/events", json=posted("first", community))
    assert answer.status_code == 200, answer.text
    assert [event.id for event in await world.stored(community)] == ["first"]


async def test_what_one_door_took_counts_at_the_other(
    world: World, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    community = await world.new_community()
    ports = unused_tcp_port_factory(), unused_tcp_port_factory()
    quotas = {"quota_rate": "1", "quota_burst": "600"}  # more than is asked for at the other door
    async with door(world, ports[0], tmp_path, **quotas) as one, door(world, ports[1], tmp_path, **quotas) as two:
        burst = [posted(f"burst-{number}", community) for number in range(1000)]
        assert (await one.post("/v1/events", json=burst, headers=BATCH)).json()["accepted"] == 1000

        async def refused_there() -> bool:
            return (await two.post("/v1/events", json=posted("one-more", community))).status_code == 429

        await until_async(refused_there)
