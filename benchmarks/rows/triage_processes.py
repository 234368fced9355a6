"""What a second triage process brings, with the servers on the same processors."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks import progress
from benchmarks.against.turns import events_for, fill, warm_of
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import Run, interleaved
from benchmarks.stage import Stage
from benchmarks.workload import PARTITIONS

ROW: Final = "triage_processes"
_ONE: Final = "one process"
_TWO: Final = "two processes"
_HOW: Final = (
    "One and two triage processes, in turn, read the same stored stream: eight communities, spread evenly over four "
    "partitions, which the processes share evenly by then."
)
_LARGEST_SHARE: Final = """
SELECT max(held) FROM (
    SELECT count(*) AS held FROM triage.shards WHERE expires_at > clock_timestamp() GROUP BY owner
) AS t HAVING sum(held) = (SELECT count(*) FROM triage.shards)
"""


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Fill MEMBER_EVENTS once and let one and two processes read it from the beginning, as fast as they can."""
    events = options.size("EVENTS", events_for(options.seconds))
    await fill(stage, events)

    def turn(processes: int) -> Run:
        async def triage() -> Sample:
            async with stage.database(keep=("MEMBER_EVENTS",)) as database:

                async def shared() -> bool:
                    return await database.number(_LARGEST_SHARE) == PARTITIONS // processes

                return await stage.timed(
                    "services.triage.main",
                    database.env,
                    lambda: database.number(progress.TRIAGE),
                    most=events,
                    seconds=options.seconds,
                    warm=warm_of(events),
                    processes=processes,
                    ready=shared,
                )

        return triage

    rounds = await interleaved({_ONE: turn(1), _TWO: turn(2)}, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples[_ONE]),
        discarded=rounds.discarded,
        sizes={"events": events, "seconds": options.seconds},
        figures={"triage-processes": rounds.ratio(_TWO, _ONE)},
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )
