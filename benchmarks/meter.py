"""Time, processor time and fsyncs of a stretch of work."""

from __future__ import annotations

import time
from collections.abc import Iterable

from benchmarks.fsyncs import fsyncs_so_far
from benchmarks.processes import cpu_seconds
from benchmarks.results import Sample


class Meter:
    """Measures from its making on; ``pids`` are the processes that take part, with all their children."""

    def __init__(self, pids: Iterable[int]) -> None:
        self._pids = tuple(pids)
        self._fsyncs = fsyncs_so_far()
        self._cpu = cpu_seconds(self._pids)
        self._start = time.perf_counter()

    @property
    def seconds(self) -> float:
        """How long it has been."""
        return time.perf_counter() - self._start

    def sample(self, events: int, *, seconds: float | None = None) -> Sample:
        """Return what the work on ``events`` took until now, or ``seconds`` where these were found otherwise."""
        seconds = seconds or self.seconds
        fsyncs = fsyncs_so_far()
        return Sample(
            events=events,
            seconds=seconds,
            cpu=cpu_seconds(self._pids) - self._cpu,
            fsyncs=None if fsyncs is None or self._fsyncs is None else fsyncs - self._fsyncs,
        )
