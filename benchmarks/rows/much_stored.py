"""What much stored costs: an event's processing after many others, and the start of the whole system."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

import nats

from benchmarks.line_load import Through
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.system import System, system
from benchmarks.workload import fill_stream
from tests.servers import data_folder

ROW: Final = "much_stored"
_PART: Final = 10_000
_POLL_SECONDS: Final = 0.1
_STUCK_SECONDS: Final = 300.0
_IDLE_SECONDS: Final = 4.0
_QUIET_SECONDS: Final = 8.0
"""Longer than the grace after which a deadline that was past is looked at."""
_HOW: Final = (
    "warmline up, with events published straight to MEMBER_EVENTS: first until few are stored, then until many are. "
    "At both, some more are measured: processor time of all processes and servers for each, until its touch is in "
    "the queue, less what the idle system takes in that time. Then the system is "
    "stopped, and timed from its command until it says that it is ready."
)


async def run(options: Options, report: Callable[[str], None]) -> RowResult:
    """Fill, measure, fill, measure, and start again."""
    few, many = options.size("FEW", 20_000), options.size("MANY", 100_000)
    window = options.size("WINDOW", 10_000)
    with data_folder() as data:
        async with system(data) as running:
            line = _Line(running)
            await line.through(few)
            little = [await line.measured(window) for _ in range(options.rounds)]
            report(f"  with {few:,} stored: {statistics.median(one.cpu_us for one in little):.0f} µs an event")
            await line.through(max(0, many - line.published))
            much = [await line.measured(window) for _ in range(options.rounds)]
            report(f"  with {many:,} stored: {statistics.median(one.cpu_us for one in much):.0f} µs an event")
        start = time.perf_counter()
        async with system(data):
            cold = time.perf_counter() - start
    cost = statistics.median(one.cpu_us for one in much) / statistics.median(one.cpu_us for one in little)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=options.rounds,
        discarded=0,
        sizes={"few": few, "many": many, "window": window},
        figures={"cost-at-history": cost, "cold-start": cold},
        contestants=(contestant("with few stored", little), contestant("with many stored", much)),
        notes=(_HOW,),
    )


class _Line:
    """Publishes numbered events, each number once, and waits until all are through."""

    def __init__(self, running: System) -> None:
        self.published = 0
        self._running = running

    async def measured(self, count: int) -> Sample:
        """Let ``count`` more events through, and all touches that come of them; the idle system's time is taken off."""
        await self._settled()
        idle = await self._running.seen()
        await asyncio.sleep(_IDLE_SECONDS)
        before = await self._running.seen()
        await self.through(count)
        done = await self._running.seen()
        await self._settled()
        after = await self._running.seen()
        idle_share = (before.cpu - idle.cpu) / (before.at - idle.at) * (after.at - before.at)
        whole = Through(before=before, after=after).sample(count)
        return replace(whole, seconds=done.at - before.at, cpu=max(whole.cpu - idle_share, 0.0))

    async def through(self, count: int) -> None:
        """Let ``count`` more events through; raises TimeoutError when nothing moves for minutes."""
        client = await nats.connect(self._running.run.nats_url)
        try:
            goal = self.published + count
            while self.published < goal:
                part = min(_PART, goal - self.published)
                await fill_stream(client, part, first=self.published, adopt=False)
                self.published += part
                await self._reached(self.published - _PART)
            await self._reached(self.published)
        finally:
            await client.close()

    async def _settled(self) -> None:
        """Wait until no more touches come, and those that came are routed and in the queue."""
        last, since = -1, time.monotonic()
        while True:
            now = await self._running.seen()
            if now.raised != last or min(now.routed, now.queued) < now.raised:
                last, since = now.raised, time.monotonic()
            elif time.monotonic() - since > _QUIET_SECONDS:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _reached(self, events: int) -> None:
        last, moved = -1, time.monotonic()
        while True:
            now = await self._running.seen()
            done = min(now.triage, now.history)
            if done >= events:
                return
            if done > last:
                last, moved = done, time.monotonic()
            if time.monotonic() - moved > _STUCK_SECONDS:
                raise TimeoutError(f"it stands still at {done} of {events} events")
            await asyncio.sleep(_POLL_SECONDS)
