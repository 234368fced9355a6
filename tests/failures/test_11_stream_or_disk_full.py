"""The stream's bound or the disk is reached: 503, and nothing old is dropped."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from infra.embedded.full_disk import restart_when_there_is_room
from infra.embedded.nats import NatsServer
from infra.supervisor import Supervisor
from shared.bounded_wait import end
from shared.contracts.subjects import MEMBER_EVENTS
from tests import servers
from tests.failures.lone_ingest import BATCH, LoneIngest, lone_ingest
from tests.ingest.ingest_world import posted
from tests.waiting import until_async

COMMUNITY = "harbour"


def batch(number: int, size: int = 4_000) -> list[dict[str, Any]]:
    return [posted(f"{number:04}:{place:02}", COMMUNITY, text="x" * size) for place in range(50)]


async def post(ingest: LoneIngest, events: list[dict[str, Any]]) -> int:
    answer = await ingest.admin.post("/v1/events", json=events, headers={"content-type": BATCH})
    if answer.status_code != 200:
        assert (answer.status_code, int(answer.headers["retry-after"]) > 0) == (503, True), answer.text
    return answer.status_code


async def post_until_refused(ingest: LoneIngest) -> int:
    """Return how many batches were accepted; the next was not."""
    for number in range(10_000):
        if await post(ingest, batch(number)) != 200:
            return number
    raise AssertionError("it never was full")


async def post_until_accepted(ingest: LoneIngest, number: int) -> None:
    async def accepted() -> bool:
        return await post(ingest, batch(number)) == 200

    await until_async(accepted, seconds=60)


def ids(batches: int) -> list[str]:
    return [event["id"] for number in range(batches) for event in batch(number, 0)]


async def test_a_full_stream_refuses_and_keeps_what_it_has(client: Client, nats_url: str, database_url: str) -> None:
    async with lone_ingest(client, nats_url, database_url, quota_share="100") as ingest:
        await ingest.adopt(COMMUNITY)
        await servers.reconfigure(client, MEMBER_EVENTS, max_bytes=2_000_000)
        accepted = await post_until_refused(ingest)
        assert accepted > 0
        assert await post(ingest, batch(accepted)) == 503
        assert "does not store events" in (await ingest.admin.get("/healthz")).json()["nats"]
        assert [event.id for event in await ingest.stored(COMMUNITY)] == ids(accepted)
        await servers.reconfigure(client, MEMBER_EVENTS, max_bytes=8_000_000)
        await post_until_accepted(ingest, accepted)
        assert [event.id for event in await ingest.stored(COMMUNITY)] == ids(accepted + 1)
        assert (await ingest.admin.get("/healthz")).status_code == 200


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    folder.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=24m", "tmpfs", folder], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", folder], check=True)


def give_room(folder: Path) -> None:
    subprocess.run(["mount", "-o", "remount,size=128m", folder], check=True)


@pytest.mark.ops("root")
async def test_after_a_full_disk_nats_writes_again_as_soon_as_there_is_room(database_url: str) -> None:
    with servers.data_folder() as data:
        claim = servers.claim_internal(None)
        said: list[str] = []
        with small_disk(data / "nats"):
            nats = NatsServer(data, claim.port)
            supervisor = Supervisor(servers=[nats], services=[], report=said.append)
            await supervisor.start_servers()
            watch = asyncio.create_task(restart_when_there_is_room([nats], said.append))
            try:
                async with (
                    servers.nats_client(nats.url) as client,
                    lone_ingest(client, nats.url, database_url, quota_share="100") as ingest,
                ):
                    await ingest.adopt(COMMUNITY)
                    accepted = await post_until_refused(ingest)
                    assert accepted > 0
                    assert said == []
                    give_room(data / "nats")
                    await post_until_accepted(ingest, accepted)
                    assert "has room again; starting it anew" in said[0]
                    stored = [event.id for event in await ingest.stored(COMMUNITY)]
                    assert stored == ids(accepted + 1)
            finally:
                await end(watch)
                await supervisor.stop()
        claim.release()
