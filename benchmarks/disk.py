"""How fast the disk is at this moment, by a small write that is made durable; and which rounds it spoilt."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_WRITES: Final = 25
_BLOCK: Final = b"\0" * 4096
STEADY: Final = 2.0
"""A round counts when the probes around it are within this factor of the median of all probes."""


def probe(folder: Path) -> float:
    """Return the median seconds of a 4 KiB write with fdatasync in ``folder``."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(_WRITES):
            start = time.perf_counter()
            os.pwrite(file.fileno(), _BLOCK, 0)
            os.fdatasync(file.fileno())
            times.append(time.perf_counter() - start)
    return statistics.median(times)


def steady(probes: Sequence[float]) -> list[bool]:
    """Tell of each probe whether it is close to their median."""
    middle = statistics.median(probes)
    return [middle / STEADY <= one <= middle * STEADY for one in probes]
