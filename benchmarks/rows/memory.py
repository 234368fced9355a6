"""What each service holds in memory while events go through the whole line."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

import psutil

from benchmarks.line_load import Load
from benchmarks.options import Options
from benchmarks.processes import resident_mib
from benchmarks.results import RowResult
from benchmarks.system import System, system
from tests.servers import data_folder

ROW: Final = "memory"
_LOOK_SECONDS: Final = 1.0
_PART_SECONDS: Final = 10.0
_HOW: Final = (
    "Resident memory (RSS) of each service's process, once a second, under the load of the whole pipeline. Growth is "
    "the largest of the last quarter less the largest of the second quarter, of the service that grew most."
)


async def run(options: Options, report: Callable[[str], None]) -> RowResult:
    """Load one Warmline until so many events went through, and look at its processes all the while."""
    events = options.size("MEMORY_EVENTS", 50_000)
    held: dict[str, list[float]] = {}
    with data_folder() as data:
        async with system(data) as running:
            looking = asyncio.create_task(_look(running, held))
            load = Load(running)
            while True:
                through = await load.run(_PART_SECONDS, warm=0.0)
                report(f"  {through.after.history:,} events, {through.sample().rate:,.0f}/s")
                if through.after.history >= events:
                    break
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
    peaks = {name: max(values) for name, values in held.items()}
    grown = {name: _growth(values) for name, values in held.items()}
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=1,
        discarded=0,
        sizes={"events": events},
        figures={
            "memory": max(peaks.values()),
            "memory-growth": max(grown.values()),
            **{f"memory-{name}": peak for name, peak in peaks.items()},
            **{f"memory-growth-{name}": growth for name, growth in grown.items()},
        },
        notes=(_HOW,),
    )


async def _look(running: System, held: dict[str, list[float]]) -> None:
    while True:
        for name, pids in running.service_pids().items():
            for pid in pids:
                try:
                    held.setdefault(name, []).append(resident_mib(pid))
                except psutil.NoSuchProcess:
                    continue
        await asyncio.sleep(_LOOK_SECONDS)


def _growth(values: list[float]) -> float:
    quarter = max(1, len(values) // 4)
    return max(values[-quarter:]) - max(values[quarter : 2 * quarter] or values)
