"""How fast one triage process folds a stored stream, against the textbook way and the bare loop."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from benchmarks import progress
from benchmarks.against.textbook import DURABLE
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.stage import Stage
from benchmarks.workload import fill_stream

ROW: Final = "triage_throughput"
_HOW: Final = (
    "Each reads the same stored stream from its beginning as a process of its own, from its first commit on. "
    "Triage does all of its rules, its inbox, deadlines, states and its relay; the bare loop none of these."
)
_EVENTS_A_SECOND: Final = 40_000
_FILL_SECONDS: Final = 30.0
"""Each tenth event becomes a touch five seconds later, by the clock of the stream."""
_TEXTBOOK_WARM: Final = 20


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Fill MEMBER_EVENTS once and let each contestant read it from the beginning, as fast as it can."""
    events = options.size("EVENTS", options.seconds * _EVENTS_A_SECOND)
    async with stage.database():
        await fill_stream(stage.client, events, over=_FILL_SECONDS)

    async def triage() -> Sample:
        async with stage.database(keep=("MEMBER_EVENTS",)) as database:
            return await stage.timed(
                "services.triage.main",
                database.env,
                lambda: database.number(progress.TRIAGE),
                most=events,
                seconds=options.seconds,
            )

    async def bare() -> Sample:
        async with stage.database(keep=("MEMBER_EVENTS",)) as database:

            async def read() -> int:
                there = await database.number("SELECT count(to_regclass('bare_position'))")
                return await database.number("SELECT position FROM bare_position") if there else 0

            return await stage.timed(
                "benchmarks.against.bare_loop", database.env, read, most=events, seconds=options.seconds
            )

    async def textbook() -> Sample:
        async with stage.database(keep=("MEMBER_EVENTS",)) as database:

            async def acked() -> int:
                subject = f"$JS.API.CONSUMER.INFO.MEMBER_EVENTS.{DURABLE}"
                told = json.loads((await stage.client.request(subject, b"", timeout=5)).data)
                return int(told["ack_floor"]["consumer_seq"]) if "ack_floor" in told else 0

            try:
                return await stage.timed(
                    "benchmarks.against.textbook",
                    database.env,
                    acked,
                    most=events,
                    seconds=options.seconds,
                    warm=_TEXTBOOK_WARM,
                )
            finally:
                await stage.client.request(f"$JS.API.CONSUMER.DELETE.MEMBER_EVENTS.{DURABLE}", b"", timeout=5)

    ways = {"triage": triage, "bare loop": bare, "textbook": textbook}
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
