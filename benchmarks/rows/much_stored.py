"""What much stored costs: an event's processing after many others, each service's memory, the start of it all."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.line_load import Load, Through
from benchmarks.memory import MemoryLooks
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.system import System, system
from benchmarks.workload import ANSWERED_AFTER, COMMUNITIES, policy_text
from tests.servers import data_folder

ROW: Final = "much_stored"
_POLL_SECONDS: Final = 0.5
"""Each look costs the system, too."""
_IDLE_SECONDS: Final = 4.0
_QUIET_SECONDS: Final = 8.0
"""Longer than the grace after which a deadline that was past is looked at."""
_TELL_SECONDS: Final = 15.0
_STARTS: Final = 3
_TOUCHES_PER_DAY: Final = 100
"""Of each of eight people: after a hundred thousand events nobody has room, and so it stays."""
_HOW: Final = (
    "warmline up with one process of each service, filled with arrays of 500 events by HTTP: one until few are stored, "
    f"another until many are. Each tenth event asks, and each tenth answers what was asked {ANSWERED_AFTER:,} before: "
    "what stands open is as much at both, and the day's limits of all are reached. At both, some more are measured: "
    "processor time of all processes and servers for each, until its touch is in the queue, less what the idle system "
    "takes in that time. Memory is the resident memory (RSS) of each service's process, once a second while many are "
    "stored; growth is the largest of the last quarter less the largest of the second quarter. Then the system is "
    "stopped, and timed from its command until it says that it is ready; the median of up to three starts."
)

Report = Callable[[str], None]


async def run(options: Options, report: Report) -> RowResult:
    """Fill one and measure, fill another and measure, and start that again."""
    few, many = options.size("FEW", 20_000), options.size("MANY", 100_000)
    window = options.size("WINDOW", 10_000)
    with data_folder() as data:
        async with system(data, policy=policy_text(touches_per_day=_TOUCHES_PER_DAY)) as running:
            await _fill(running, few, report)
            little = [await _measured(running, window) for _ in range(options.rounds)]
    report(f"  with {few:,} stored: {statistics.median(one.cpu_us for one in little):.0f} µs an event")
    memory = MemoryLooks()
    with _folder(options.data) as data:
        async with system(data, policy=policy_text(touches_per_day=_TOUCHES_PER_DAY)) as running:
            async with memory.at(running):
                await _fill(running, many, report)
            much = [await _measured(running, window) for _ in range(options.rounds)]
            stored = await running.stored()
            disk = {f"disk-{part}": taken / stored / 1000 for part, taken in (await running.disk()).items()}
        report(f"  with {many:,} stored: {statistics.median(one.cpu_us for one in much):.0f} µs an event")
        starts = [await _start(data, report) for _ in range(min(_STARTS, options.rounds))]
    cost = statistics.median(one.cpu_us for one in much) / statistics.median(one.cpu_us for one in little)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=options.rounds,
        discarded=0,
        sizes={"few": few, "many": many, "window": window, "stored at the end": stored},
        figures={"cost-at-history": cost, "cold-start": statistics.median(starts), **disk, **memory.figures()},
        contestants=(contestant("with few stored", little), contestant("with many stored", much)),
        notes=(_HOW,),
    )


@contextmanager
def _folder(kept: Path | None) -> Iterator[Path]:
    """Give the folder that is to be kept, or one that leaves nothing behind."""
    if kept is None:
        with data_folder() as data:
            yield data
    else:
        kept.mkdir(parents=True, exist_ok=True)
        yield kept.resolve()


async def _start(data: Path, report: Report) -> float:
    start = time.perf_counter()
    async with system(data, policy=policy_text(touches_per_day=_TOUCHES_PER_DAY)):
        seconds = time.perf_counter() - start
    report(f"  started in {seconds:.1f} s")
    return seconds


async def _fill(running: System, wanted: int, report: Report) -> None:
    """Let events through until ``wanted`` are stored, telling now and then how long it will take."""
    stored = await running.stored()
    if stored > COMMUNITIES:  # the adoption of each one's policy
        report(f"  {stored:,} are stored already")
    filling = asyncio.create_task(Load(running, first=stored, answered=True).through(max(0, wanted - stored)))
    seen = deque([(time.monotonic(), stored)], maxlen=9)
    try:
        while not (await asyncio.wait({filling}, timeout=_TELL_SECONDS))[0]:
            seen.append((time.monotonic(), await running.stored()))
            (begin, before), (now, stored) = seen[0], seen[-1]
            rate = (stored - before) / (now - begin)
            left = f", {max(0, wanted - stored) / rate / 60:.0f} min left" if rate else ""
            report(f"  {stored:,} of {wanted:,} stored, {rate:,.0f}/s{left}")
    finally:
        filling.cancel()
        await asyncio.gather(filling, return_exceptions=True)
    filling.result()


async def _measured(running: System, count: int) -> Sample:
    """Let ``count`` more events through, and all touches that come of them; the idle system's time is taken off."""
    await _settled(running)
    idle = await _idle(running)
    before = await running.seen()
    await Load(running, first=await running.stored(), answered=True).through(count)
    done = await running.seen()
    await _settled(running)
    after = await running.seen()
    # The lesser of two: a vacuum may be at work in one of them.
    idle = min(idle, await _idle(running))
    whole = Through(before=before, after=after).sample(count)
    return replace(whole, seconds=done.at - before.at, cpu=max(whole.cpu - idle * (after.at - before.at), 0.0))


async def _idle(running: System) -> float:
    """Return how many seconds of processor time the system takes in a second in which nothing comes."""
    before = await running.seen()
    await asyncio.sleep(_IDLE_SECONDS)
    after = await running.seen()
    return (after.cpu - before.cpu) / (after.at - before.at)


async def _settled(running: System) -> None:
    """Wait until no more touches come, and those that came are routed and in the queue."""
    last, since = -1, time.monotonic()
    while True:
        now = await running.reached()
        if now.raised != last or min(now.routed, now.queued) < now.raised:
            last, since = now.raised, time.monotonic()
        elif time.monotonic() - since > _QUIET_SECONDS:
            return
        await asyncio.sleep(_POLL_SECONDS)
