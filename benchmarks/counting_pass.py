"""The pass in which a row's fsyncs are counted: one round more, after it was timed, of which nothing else is taken."""

from __future__ import annotations

import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.fsyncs import run_counted
from benchmarks.options import Options
from benchmarks.results import RowResult, read
from benchmarks.stage import tail_of

_MOST: Final = {
    "PIPELINE_SECONDS": 20,
    "TWO_SECONDS": 10,
    "TELEMETRY_SECONDS": 10,
    "IMPORTED": 20_000,
    "SINGLES": 1_000,
}
"""Sizes that are never larger here: how many calls a thousand events take does not need more."""
_MOST_SECONDS: Final = 3
_FIGURES: Final = ("pipeline-fsyncs",)
"""Those that are made of fsyncs alone."""
_COUNTED: Final = "fsyncs were counted in one more round, under strace; what is timed ran without it."


def modest(options: Options) -> Options:
    """Return the same for one short round."""
    sizes = {name: min(size, _MOST.get(name, size)) for name, size in options.sizes.items()}
    return replace(options, rounds=1, seconds=min(options.seconds, _MOST_SECONDS), sizes=sizes)


def with_fsyncs(timed: RowResult, counted: RowResult) -> RowResult:
    """Return what was ``timed`` with the fsyncs that were ``counted``, and nothing else of these."""
    fsyncs = {one.name: one.fsyncs_per_1000 for one in counted.contestants}
    return replace(
        timed,
        figures=timed.figures | {name: counted.figures[name] for name in _FIGURES if name in counted.figures},
        contestants=tuple(replace(one, fsyncs_per_1000=fsyncs.get(one.name)) for one in timed.contestants),
        notes=(*timed.notes, _COUNTED),
    )


def without_fsyncs(timed: RowResult, why: str) -> RowResult:
    """Return what was ``timed``, saying ``why`` there are no fsyncs with it."""
    return replace(timed, notes=(*timed.notes, f"fsyncs were not counted: {why}."))


async def counted(row: str, options: Options) -> RowResult:
    """Run a row once more, under strace. Raise RuntimeError, with the end of what it said, where that fails."""
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as folder:
        log, kept = Path(folder) / "log", Path(folder) / "results.json"
        command = [sys.executable, "-m", "benchmarks", *_arguments(row, modest(options), kept)]
        code = await run_counted(command, Path(folder) / "fsyncs", log)
        if code:
            raise RuntimeError(f"the pass that counts fsyncs has ended with {code}:\n{tail_of(log)}")
        return read(kept).rows[row]


def _arguments(row: str, options: Options, kept: Path) -> list[str]:
    sizes = [f"--size={name}={size}" for name, size in options.sizes.items()]
    limits = ["--rounds", str(options.rounds), "--seconds", str(options.seconds)]
    return [row, *limits, *sizes, "--output", str(kept), "--no-fsyncs"]
