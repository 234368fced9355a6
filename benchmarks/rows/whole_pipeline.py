"""The whole line under load: from a POST of many events to history, queue and assignment, everything durable."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import Final

from benchmarks.against.turns import bare_loop, events_for, fill, textbook
from benchmarks.line_load import Load, Through
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import Run, interleaved
from benchmarks.stage import Stage
from benchmarks.system import PARTS, system
from benchmarks.workload import policy_text
from tests.servers import data_folder

ROW: Final = "whole_pipeline"
_PLAIN: Final = "no tone"
_TONE: Final = "tone on each text"
_BARE: Final = "bare loop"
_TEXTBOOK: Final = "textbook"
_HOW: Final = (
    "warmline up with one process of each service, in turn without and with the reading of tone, each on a new DATA, "
    "loaded with arrays of 500 events by HTTP from the same machine, held back while it is more than 15,000 events "
    "behind. An event counts once triage and history are through with it, and its touch, if any, is routed and in the "
    "queue. Processor time is that of every process of Warmline and of its servers; the sender's is left out, though "
    "it runs on the same processors. Of ten events seven have a text, of 77 to 176 characters in English: with tone, "
    "each of these is read. The bare loop and the textbook way do the least that triage does, and nothing of the rest: "
    "how many times their processor time the line takes holds from one machine to the next, the µs do not."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Load one Warmline that reads no tone and one that does for a while each, look before and after, and divide.

    The textbook way and the bare loop take turns with them, on servers of the stage.
    """
    seconds = options.size("PIPELINE_SECONDS", 20)
    events = events_for(options.seconds)
    await fill(stage, events)
    seen: dict[str, list[Through]] = {_PLAIN: [], _TONE: []}

    def turn(way: str) -> Run:
        async def loaded() -> Sample:
            with data_folder() as data:
                async with system(data, policy=policy_text(tone=way == _TONE)) as running:
                    seen[way].append(await Load(running).run(seconds))
            return seen[way][-1].sample()

        return loaded

    ways: dict[str, Run] = {
        **{way: turn(way) for way in seen},
        _BARE: partial(bare_loop, stage, events=events, seconds=options.seconds),
        _TEXTBOOK: partial(textbook, stage, events=events, seconds=options.seconds),
    }
    rounds = await interleaved(ways, options.rounds, stage.data, report)
    plain, tone = (contestant(way, rounds.samples[way]) for way in seen)
    figures = {
        "pipeline": plain.rate,
        "pipeline-tone": tone.rate,
        "pipeline-over-textbook": rounds.ratio(_PLAIN, _TEXTBOOK),
        "pipeline-tone-over-textbook": rounds.ratio(_TONE, _TEXTBOOK),
        "pipeline-cpu": plain.cpu_us,
        "pipeline-cpu-textbook": rounds.cpu_ratio(_TEXTBOOK, _PLAIN),
        "pipeline-cpu-bare": rounds.cpu_ratio(_PLAIN, _BARE),
        **{f"cpu-{part}": _cpu_us(seen[_PLAIN], part) for part in PARTS},
        "cpu-triage-tone": _cpu_us(seen[_TONE], "triage"),
    }
    if plain.fsyncs_per_1000 is not None:
        figures["pipeline-fsyncs"] = plain.fsyncs_per_1000
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples[_PLAIN]),
        discarded=rounds.discarded,
        sizes={"seconds": seconds},
        figures=figures,
        contestants=tuple(contestant(way, samples) for way, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


def _cpu_us(turns: Sequence[Through], part: str) -> float:
    return statistics.median(one.cpu_us_of(part) for one in turns)
