"""Fault 19: one tenant floods. Its own quotas answer 429, and the others do not notice.

That a stream at 80 % of its size is an alarm is shown where the alarms are.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio

from infra.ingest_client import ingest_client
from shared.contracts.subjects import MEMBER_EVENTS
from tests import servers
from tests.failures.lone_ingest import BATCH, LoneIngest, lone_ingest
from tests.ingest.ingest_world import TOKEN, posted
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="module")

RATE, BURST, BATCH_SIZE, SHARE = 200, 400, 200, 30


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def ingest(nats_url: str, postgres_url: str) -> AsyncIterator[LoneIngest]:
    database = await servers.fresh_database(postgres_url)
    async with servers.nats_client(nats_url) as client:
        await servers.fresh_streams(client)
        quotas = {"quota_rate": str(RATE), "quota_burst": str(BURST), "quota_share": str(SHARE)}
        async with lone_ingest(client, nats_url, database, **quotas) as running:
            await running.adopt("flood", "calm", "imported", "greedy", "hoarding")
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
    began, calm_is_done = time.monotonic(), asyncio.Event()
    flooding, calm = await ingest.new_source("flood"), await ingest.new_source("calm")

    async def flood(sender: int) -> None:
        async with ingest.client(flooding) as client:
            for round_ in itertools.count():
                events = [posted(f"{sender}:{round_}:{number}", None) for number in range(BATCH_SIZE)]
                answer = await send(client, events)
                statuses[answer.status_code] += 1
                if answer.status_code == 200:
                    accepted.update(event["id"] for event in events)
                else:
                    assert is_over_quota(answer, "flood")
                if calm_is_done.is_set():
                    return

    async def post_calmly() -> None:
        async with ingest.client(calm) as client:
            for number in range(60):
                sent = time.monotonic()
                answer = await send(client, [posted(f"calm:{number}", None)])
                assert answer.status_code == 200
                waits.append(time.monotonic() - sent)
        calm_is_done.set()

    await asyncio.gather(*(flood(sender) for sender in range(4)), post_calmly())
    assert len(accepted) <= BURST + RATE * (time.monotonic() - began) + 4 * BATCH_SIZE
    assert statuses.keys() == {200, 429}
    assert sorted(waits)[len(waits) // 2] < 4
    stored = [event.id for event in await ingest.stored("flood")]
    assert (len(stored), set(stored)) == (len(accepted), accepted)
    assert [event.id for event in await ingest.stored("calm")] == [f"calm:{number}" for number in range(60)]
    told = [line for line in ingest.log_lines() if line["event"] == "over_quota"]
    assert {(line["community"], line["quota"]) for line in told} == {("flood", "rate")}
    assert len(told) < statuses[429]


async def test_in_a_mixed_array_only_the_floods_events_are_refused(ingest: LoneIngest) -> None:
    tries = itertools.count()

    async def mixed_while_over() -> tuple[list[str], dict[str, Any], Any] | None:
        """Send what is mixed while the quota is used up, which is not for long."""
        this = next(tries)
        batch = [posted(f"{this}:{number}", "greedy") for number in range(1000)]
        ids = [f"{this}:{name}" for name in ("g1", "c1", "g2", "c2")]
        mixed = [posted(name, community) for name, community in zip(ids, ("greedy", "calm") * 2, strict=True)]
        if (await send(ingest.admin, batch)).status_code != 429:
            return None
        answer, alone = (await send(ingest.admin, mixed)).json(), await send(ingest.admin, mixed[::2])
        fates = [result["fate"] for result in answer["results"]]
        return (ids, answer, alone) if fates == ["refused", "accepted"] * 2 and alone.status_code == 429 else None

    ids, answer, alone = await until_async(mixed_while_over, seconds=60)
    refused = answer["results"][0]
    assert "'greedy'" in refused["reason"]
    assert (refused["field"], refused["retry_after"] >= 1) == (None, True)
    assert is_over_quota(alone, "greedy")
    assert [event.id for event in await ingest.stored("calm")][-2:] == ids[1::2]
    assert set(ids[::2]).isdisjoint(event.id for event in await ingest.stored("greedy"))


async def test_an_importer_that_waits_as_told_brings_everything_in_once(ingest: LoneIngest) -> None:
    events = [posted(f"post:{number}", "imported") for number in range(3000)]
    waits: list[str] = []
    async with ingest_client(ingest.process.url, TOKEN, on_wait=lambda why, _seconds: waits.append(why)) as importer:
        for start in range(0, len(events), 1000):
            await importer.post_events([json.dumps(event).encode() for event in events[start : start + 1000]])
    assert "'imported'" in waits[0]
    assert [event.id for event in await ingest.stored("imported")] == [event["id"] for event in events]


async def test_nobody_fills_the_store_for_the_others(ingest: LoneIngest) -> None:
    """Neither with few large events among many small ones."""
    js = ingest.nats.jetstream()
    small = (await js.stream_info(MEMBER_EVENTS)).state.bytes
    bound = 2 * small + 8_000_000
    await servers.reconfigure(ingest.nats, MEMBER_EVENTS, max_bytes=bound)
    numbers = iter(range(1_000_000))

    async def hoard() -> Any:
        events = [posted(f"{next(numbers)}", "hoarding", text="x" * 90_000) for _ in range(2)]
        answer = await send(ingest.admin, events)
        assert answer.status_code in {200, 429}
        return answer if answer.status_code == 429 and "%" in answer.text else None

    await until_async(hoard, seconds=60)
    assert is_over_quota(answer := await send(ingest.admin, [posted("more", "hoarding")]), "hoarding")
    assert f"{SHARE} %" in answer.json()["detail"]
    held = (await js.stream_info(MEMBER_EVENTS)).state.bytes - small
    assert SHARE - 5 < 100 * held / bound < SHARE + 15
    assert (await send(ingest.admin, [posted("calm", "calm")])).status_code == 200

    async def taken() -> bool:
        return (await send(ingest.admin, [posted("more", "hoarding")])).status_code == 200

    await js.purge_stream(MEMBER_EVENTS, subject="p.*.member.hoarding.>")
    await until_async(taken)
