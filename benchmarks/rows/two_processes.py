"""What a second process of each service brings, with the servers on the same processors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks.line_load import Load
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import Run, interleaved
from benchmarks.system import system
from tests.servers import data_folder

ROW: Final = "two_processes"
_ONE: Final = "one process each"
_TWO: Final = "two processes each"
_HOW: Final = (
    "warmline up with one and with two processes of each service, in turn, each on a new DATA, under the load of the "
    "whole pipeline: eight communities, spread evenly over four partitions. On two processors, one process of each "
    "leaves none idle, so this shows what more processes cost; what they bring is in triage_processes."
)


async def run(options: Options, report: Callable[[str], None]) -> RowResult:
    """Load one and two processes in turn."""
    seconds = options.size("TWO_SECONDS", 10)

    def turn(processes: int) -> Run:
        async def loaded() -> Sample:
            with data_folder() as data:
                async with system(data, processes=processes) as running:
                    return (await Load(running).run(seconds)).sample()

        return loaded

    with data_folder() as probed:
        rounds = await interleaved({_ONE: turn(1), _TWO: turn(2)}, options.rounds, probed, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples[_ONE]),
        discarded=rounds.discarded,
        sizes={"seconds": seconds},
        figures={"two-processes": rounds.ratio(_TWO, _ONE)},
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )
