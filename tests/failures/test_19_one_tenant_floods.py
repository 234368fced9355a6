"""Fault 19: one tenant floods. Its own quotas answer 429, and the others do not notice.

That a stream at 80 % of its size is an alarm is shown where the alarms are.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest_asyncio
from nats.aio.client import Client

from infra.ingest_client import ingest_client
from shared.contracts.subjects import MEMBER_EVENTS
from tests import servers
from tests.failures.lone_ingest import BATCH, LoneIngest, lone_ingest
from tests.ingest.ingest_world import TOKEN, posted, until

RATE, BURST = 300, 600


@pytest_asyncio.fixture
async def ingest(client: Client, nats_url: str, postgres_url: str) -> AsyncIterator[LoneIngest]:
    database = await servers.fresh_database(postgres_url)
    async with lone_ingest(client, nats_url, database, quota_rate=str(RATE), quota_burst=str(BURST)) as running:
        await running.adopt("flood", "calm")
        yield running
    await servers.drop_database(postgres_url, database)


async def send(client: Any, events: list[dict[str, Any]]) -> Any:
    return await client.post("/v1/events", json=events, headers={"Content-Type": BATCH})


def is_over_quota(answer: Any, community: str) -> bool:
    problem = answer.json()
    return (
        answer.status_code == problem["status"] == 429
        and answer.headers["content-type"] == "application/problem+json"
        and int(answer.headers["retry-after"]) >= 1
        and f"'{community}'" in problem["detail"]
        and "WARMLINE_QUOTA_" in problem["detail"]
    )


async def test_a_flood_is_slowed_and_others_are_taken_at_once(ingest: LoneIngest) -> None:
    statuses: Counter[int] = Counter()
    accepted: set[str] = set()
    waits: list[float] = []
    began, over_until = time.monotonic(), time.monotonic() + 3
    flooding, calm = await ingest.new_source("flood"), await ingest.new_source("calm")

    async def flood(sender: int) -> None:
        async with ingest.client(flooding) as client:
            round_ = 0
            while time.monotonic() < over_until:
                events = [posted(f"{sender}:{round_}:{number}", None) for number in range(20)]
                answer = await send(client, events)
                statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    accepted.update(event["id"] for event in events)
                else:
                    assert is_over_quota(answer, "flood")
                round_ += 1

    async def post_calmly() -> None:
        async with ingest.client(calm) as client:
            for number in range(60):
                sent = time.monotonic()
                answer = await send(client, [posted(f"calm:{number}", None)])
                assert answer.status_code == 200
                waits.append(time.monotonic() - sent)
                await asyncio.sleep(0.02)

    await asyncio.gather(*(flood(sender) for sender in range(6)), post_calmly())
    assert len(accepted) <= BURST + RATE * (time.monotonic() - began) + 6 * 20
    assert statuses[429] > statuses[200] > 0
    assert sorted(waits)[len(waits) // 2] < 0.5
    stored = [event.id for event in await ingest.stored("flood")]
    assert (len(stored), set(stored)) == (len(accepted), accepted)
    assert [event.id for event in await ingest.stored("calm")] == [f"calm:{number}" for number in range(60)]
    told = [line for line in ingest.log_lines() if line["event"] == "over_quota"]
    assert [(line["community"], line["quota"]) for line in told] == [("flood", "rate")]


async def test_in_a_mixed_array_only_the_floods_events_are_refused(ingest: LoneIngest) -> None:
    while (
        await send(ingest.admin, [posted(f"{time.monotonic_ns()}", "flood") for _ in range(500)])
    ).status_code == 200:
        pass
    mixed = [posted("f:1", "flood"), posted("c:1", "calm"), posted("f:2", "flood"), posted("c:2", "calm")]
    answer = (await send(ingest.admin, mixed)).json()
    assert [result["fate"] for result in answer["results"]] == ["refused", "accepted"] * 2
    refused = answer["results"][0]
    assert "'flood'" in refused["reason"]
    assert (refused["field"], refused["retry_after"] >= 1) == (None, True)
    assert is_over_quota(await send(ingest.admin, mixed[::2]), "flood")
    assert [event.id for event in await ingest.stored("calm")] == ["c:1", "c:2"]
    assert "f:1" not in {event.id for event in await ingest.stored("flood")}


async def test_an_importer_that_waits_as_told_brings_everything_in_once(ingest: LoneIngest) -> None:
    events = [posted(f"post:{number}", "flood") for number in range(4 * BURST)]
    waits: list[str] = []
    async with ingest_client(ingest.process.url, TOKEN, on_wait=lambda why, _seconds: waits.append(why)) as importer:
        for start in range(0, len(events), 500):
            await importer.post_events([json.dumps(event).encode() for event in events[start : start + 500]])
    assert "'flood'" in waits[0]
    assert [event.id for event in await ingest.stored("flood")] == [event["id"] for event in events]


async def test_nobody_fills_the_store_for_the_others(client: Client, nats_url: str, database_url: str) -> None:
    async with lone_ingest(client, nats_url, database_url, quota_share="40") as ingest:
        await ingest.adopt("flood", "calm")
        await servers.reconfigure(client, MEMBER_EVENTS, max_bytes=4 * 1024 * 1024)
        counter = iter(range(1_000_000))

        async def flood() -> Any:
            events = [posted(f"{next(counter)}", "flood", text="x" * 1000) for _ in range(20)]
            answer = await send(ingest.admin, events)
            assert answer.status_code in {200, 429}
            return answer if answer.status_code == 429 else None

        await until(flood, 30)
        assert is_over_quota(answer := await send(ingest.admin, [posted("more", "flood")]), "flood")
        assert "40 %" in answer.json()["detail"]
        state = (await client.jetstream().stream_info(MEMBER_EVENTS)).state
        assert 0.39 < state.bytes / (4 * 1024 * 1024) < 0.6
        assert (await send(ingest.admin, [posted("calm", "calm")])).status_code == 200

        async def taken() -> bool:
            return (await send(ingest.admin, [posted("more", "flood")])).status_code == 200

        await client.jetstream().purge_stream(MEMBER_EVENTS, subject="p.*.member.flood.>")
        await until(taken, 20)
