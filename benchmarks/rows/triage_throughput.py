"""How fast one triage process folds a stored stream, against the textbook way and the bare loop."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Final

from benchmarks import progress
from benchmarks.against.turns import WARM, bare_loop, events_for, fill, textbook, warm_of
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import Run, interleaved
from benchmarks.stage import Stage

ROW: Final = "triage_throughput"
_HOW: Final = (
    f"Each reads the same stored stream from its beginning as a process of its own; triage and the bare loop are timed "
    f"once they are warm, after the first {WARM:,}: each tenth event then comes due as a touch. "
    "Triage does all of its rules, its inbox, deadlines, states and its relay; the bare loop none of these."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Fill MEMBER_EVENTS once and let each contestant read it from the beginning, as fast as it can."""
    events = options.size("EVENTS", events_for(options.seconds))
    await fill(stage, events)

    async def triage() -> Sample:
        async with stage.database(keep=("MEMBER_EVENTS",)) as database:
            return await stage.timed(
                "services.triage.main",
                database.env,
                lambda: database.number(progress.TRIAGE),
                most=events,
                seconds=options.seconds,
                warm=warm_of(events),
            )

    ways: dict[str, Run] = {
        "triage": triage,
        "bare loop": partial(bare_loop, stage, events=events, seconds=options.seconds),
        "textbook": partial(textbook, stage, events=events, seconds=options.seconds),
    }
    rounds = await interleaved(ways, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples["triage"]),
        discarded=rounds.discarded,
        sizes={"events": events, "seconds": options.seconds},
        figures={
            "triage-over-textbook": rounds.ratio("triage", "textbook"),
            "triage-of-bare-loop": rounds.ratio("triage", "bare loop"),
        },
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )
