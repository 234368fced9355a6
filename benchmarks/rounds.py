"""Contestants in turn, round after round, until enough rounds were steady."""

from __future__ import annotations

import statistics
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.disk import probe, steady
from benchmarks.results import Sample

_MOST_TRIES: Final = 2
"""Rounds are repeated for an unsteady disk until there were so many times as many as wanted."""

Run = Callable[[], Awaitable[Sample]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """The rounds that count: ``samples`` holds one of each contestant for each round, in order."""

    samples: dict[str, list[Sample]]
    discarded: int

    def ratio(self, one: str, other: str) -> float:
        """Return the median, over the rounds, of how many times as fast ``one`` was as ``other``."""
        pairs = zip(self.samples[one], self.samples[other], strict=True)
        return statistics.median(a.rate / b.rate for a, b in pairs)

    def cpu_ratio(self, one: str, other: str) -> float:
        """Return the median, over the rounds, of how many times as much processor time an event cost ``one``."""
        pairs = zip(self.samples[one], self.samples[other], strict=True)
        return statistics.median(a.cpu_us / b.cpu_us for a, b in pairs)


async def interleaved(
    contestants: Mapping[str, Run], rounds: int, folder: Path, report: Callable[[str], None]
) -> Rounds:
    """Let each contestant run once in each round, in changing order, the disk in ``folder`` probed around them.

    A round in which the disk was another than in the others is run again.
    """
    done: list[dict[str, Sample]] = []
    probes: list[float] = []
    names = list(contestants)
    while True:
        before = probe(folder)
        turn = len(done) % len(names)
        found = {name: await contestants[name]() for name in (*names[turn:], *names[:turn])}
        done.append(found)
        probes.append(max(before, probe(folder)))
        report(f"  round {len(done)}: " + ", ".join(f"{name} {found[name].rate:,.0f}/s" for name in names))
        counting = steady(probes)
        if sum(counting) >= rounds or len(done) >= rounds * _MOST_TRIES:
            break
    kept = [one for one, counts in zip(done, counting, strict=True) if counts] or done
    return Rounds(samples={name: [one[name] for one in kept] for name in names}, discarded=len(done) - len(kept))
