"""What the processes of each service hold in memory, looked at again and again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import psutil

from benchmarks.processes import resident_mib
from benchmarks.system import System

_LOOK_SECONDS: Final = 1.0


class MemoryLooks:
    """Resident memory (RSS) in MiB of every process, by service, in the order of the looks."""

    def __init__(self) -> None:
        self._held: dict[str, list[float]] = {}

    @asynccontextmanager
    async def at(self, running: System) -> AsyncIterator[None]:
        """Look once a second meanwhile."""
        looking = asyncio.create_task(self._look(running))
        try:
            yield
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)

    async def _look(self, running: System) -> None:
        while True:
            for name, pids in running.service_pids().items():
                for pid in pids:
                    try:
                        self._held.setdefault(name, []).append(resident_mib(pid))
                    except psutil.NoSuchProcess:
                        continue
            await asyncio.sleep(_LOOK_SECONDS)

    def figures(self) -> dict[str, float]:
        """Return the largest of each service, and how much it grew: the last quarter's over the second quarter's."""
        if not self._held:
            return {}
        peaks = {name: max(values) for name, values in self._held.items()}
        grown = {name: _growth(values) for name, values in self._held.items()}
        return {
            "memory": max(peaks.values()),
            "memory-growth": max(grown.values()),
            **{f"memory-{name}": peak for name, peak in peaks.items()},
            **{f"memory-growth-{name}": growth for name, growth in grown.items()},
        }


def _growth(values: list[float]) -> float:
    quarter = max(1, len(values) // 4)
    return max(values[-quarter:]) - max(values[quarter : 2 * quarter] or values)
