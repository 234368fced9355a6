"""Two processes of ingest: what one of them was told, the other knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from ingest_world import TOKEN, Ingest, World, posted

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def other_door(world: World, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[httpx.AsyncClient]:
    ingest = Ingest(world.nats.url, world.postgres.url, unused_tcp_port, tmp_path / "log")
    await ingest.start()
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(base_url=ingest.url, headers=headers, trust_env=False, timeout=30) as client:
        yield client
    await ingest.kill()


async def test_a_policy_counts_at_the_other_door_at_once(world: World, other_door: httpx.AsyncClient) -> None:
    unknown = await other_door.post("/v1/events", json=posted("early", "nobodys-community"))
    assert unknown.status_code == 422
    community = await world.new_community()
    answer = await other_door.post("/v1/events", json=posted("first", community))
    assert answer.status_code == 200, answer.text
    assert [event.id for event in await world.stored(community)] == ["first"]
