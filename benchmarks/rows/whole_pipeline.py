"""The whole line under load: from a POST of many events to history, queue and assignment, everything durable."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks.line_load import Load, Through
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.system import PARTS, system
from tests.servers import data_folder

ROW: Final = "whole_pipeline"
_WAY: Final = "warmline up"
_HOW: Final = (
    "warmline up with one process of each service, loaded with arrays of 500 events by HTTP from the same machine, "
    "held back while it is more than 15,000 events behind. An event counts once triage and history are through with "
    "it, and its touch, if any, is routed and in the queue. Processor time is that of every process of Warmline and "
    "of its servers; the sender's is left out, though it runs on the same processors."
)


async def run(options: Options, report: Callable[[str], None]) -> RowResult:
    """Load one Warmline for a while, look before and after, and divide."""
    seconds = options.size("PIPELINE_SECONDS", 20)
    turns: list[Through] = []
    with data_folder() as data:
        async with system(data) as running:
            load = Load(running)
            await load.run(0)

            async def turn() -> Sample:
                turns.append(await load.run(seconds, warm=1.0))
                return turns[-1].sample()

            rounds = await interleaved({_WAY: turn}, options.rounds, data, report)
    line = contestant(_WAY, rounds.samples[_WAY])
    figures = {
        "pipeline": line.rate,
        "pipeline-cpu": line.cpu_us,
        **{f"cpu-{part}": statistics.median(one.cpu_us_of(part) for one in turns) for part in PARTS},
    }
    if line.fsyncs_per_1000 is not None:
        figures["pipeline-fsyncs"] = line.fsyncs_per_1000
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples[_WAY]),
        discarded=rounds.discarded,
        sizes={"seconds": seconds},
        figures=figures,
        contestants=(line,),
        notes=(_HOW,),
    )
