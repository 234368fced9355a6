"""What a second process of each service brings, with the servers on the same processors."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks.line_load import Load
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.system import system
from tests.servers import data_folder

ROW: Final = "two_processes"
_HOW: Final = (
    "warmline up with one and with two processes of each service, in turn, each on a new DATA, under the load of the "
    "whole pipeline: eight communities, spread evenly over four partitions."
)


async def run(options: Options, report: Callable[[str], None]) -> RowResult:
    """Load one and two processes in turn."""
    seconds = options.size("TWO_SECONDS", 10)
    found: dict[int, list[Sample]] = {1: [], 2: []}
    for number in range(options.rounds):
        for processes in (1, 2) if number % 2 == 0 else (2, 1):
            with data_folder() as data:
                async with system(data, processes=processes) as running:
                    found[processes].append((await Load(running).run(seconds)).sample())
        report(f"  round {number + 1}: one {found[1][-1].rate:,.0f}/s, two {found[2][-1].rate:,.0f}/s")
    ratio = statistics.median(two.rate / one.rate for one, two in zip(found[1], found[2], strict=True))
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=options.rounds,
        discarded=0,
        sizes={"seconds": seconds},
        figures={"two-processes": ratio},
        contestants=tuple(
            contestant(f"{'one process' if processes == 1 else 'two processes'} each", turns)
            for processes, turns in found.items()
        ),
        notes=(_HOW,),
    )
