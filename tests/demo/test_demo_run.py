from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import nats
import pytest

from infra.demo.run import run_demo
from infra.ingest_client import ingest_client
from shared.contracts.subjects import MEMBER_EVENTS, member_event_subject

BEGAN = member_event_subject("harbour", "warmline", "import-began", 4)
IMPORTED = member_event_subject("harbour", "warmline", "import-ended", 4)


class HurryingClock:
    """Whoever waits by it waits for nothing."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def now(self) -> datetime:
        return self.time

    async def until(self, time: datetime) -> None:
        self.time = max(self.time, time)


async def test_the_demo_tells_its_backstory_once_and_goes_on_living(ingest_system: Any) -> None:
    client = await nats.connect(ingest_system.nats_url)
    arrived = await client.subscribe("p.*.member.harbour.>")
    try:
        first = await live(ingest_system, arrived, later=timedelta())
        assert sum(subject.endswith("posted") for subject in first[: first.index(IMPORTED)]) > 100
        second = await live(ingest_system, arrived, later=timedelta(hours=1))
        assert second[second.index(BEGAN) :][1] == IMPORTED
        stream = await client.jetstream().stream_info(MEMBER_EVENTS, subjects_filter="p.*.member.harbour.warmline.>")
        assert (stream.state.subjects or {}) == {
            member_event_subject("harbour", "warmline", "policy-adopted", 4): 1,
            BEGAN: 2,
            IMPORTED: 2,
        }
    finally:
        await client.close()


async def live(system: Any, arrived: Any, *, later: timedelta) -> list[str]:
    """Run the demo until it has told three events of its life; return the subjects of all that arrived."""
    subjects: list[str] = []
    async with ingest_client(system.ingest_url, system.token, patience=5) as ingest:
        task = asyncio.create_task(run_demo(ingest, seed=7, clock=HurryingClock(datetime.now(UTC) + later)))
        while IMPORTED not in subjects[:-3]:
            waiting = asyncio.create_task(arrived.next_msg(timeout=30))
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                waiting.cancel()
                task.result()
            subjects.append((await waiting).subject)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    return subjects
