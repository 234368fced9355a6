"""``python -m benchmarks``, or ``make bench``: measure, and keep what was found."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from benchmarks.counting_pass import counted, with_fsyncs, without_fsyncs
from benchmarks.fsyncs import why_not_counted
from benchmarks.options import Options
from benchmarks.report import lines_of
from benchmarks.results import RowResult, keep, todays_file
from benchmarks.rows import (
    imports,
    ingest_http,
    much_stored,
    pages,
    post_to_history,
    projection_share,
    recorder_share,
    telemetry,
    triage_processes,
    triage_throughput,
    two_processes,
    webhooks_http,
    whole_pipeline,
)
from benchmarks.stage import Stage, stage
from infra.stop_signals import StopSignals

Report = Callable[[str], None]
Row = Callable[[Options, Report], Awaitable[RowResult]]


def _on_stage(row: Callable[[Stage, Options, Report], Awaitable[RowResult]]) -> Row:
    async def run(options: Options, report: Report) -> RowResult:
        async with stage() as standing:
            return await row(standing, options, report)

    return run


ROWS: Final[dict[str, Row]] = {
    **{
        row.ROW: _on_stage(row.run)
        for row in (
            whole_pipeline,
            triage_throughput,
            triage_processes,
            recorder_share,
            projection_share,
            ingest_http,
            webhooks_http,
            imports,
            post_to_history,
            pages,
        )
    },
    **{row.ROW: row.run for row in (two_processes, telemetry, much_stored)},
}
"""First those that bring what they measure onto servers of the bench, then those that start a whole Warmline."""

_WITHOUT_FSYNCS: Final = {row.ROW for row in (post_to_history, pages, much_stored)}
"""Rows in which they say nothing: of the first two the time of one request is asked, and the last fills for hours."""

_SIZES: Final = (
    "EVENTS and BATCH=500 (triage_throughput, triage_processes, recorder_share, projection_share), IMPORTED=20000 and "
    "SINGLES=1000 (imports), POSTS (post_to_history), TOUCHES=20000 and HISTORY=20000 (pages), PIPELINE_SECONDS=20 "
    "(whole_pipeline), TWO_SECONDS=10 (two_processes), TELEMETRY_SECONDS=10 (telemetry), FEW=20000, MANY=100000 and "
    "WINDOW=10000 (much_stored)"
)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _measure(names: list[str], options: Options, file: Path, *, fsyncs: bool) -> None:
    why_not = why_not_counted() if fsyncs and not _WITHOUT_FSYNCS.issuperset(names) else None
    for name in names:
        _say(name)
        load = os.getloadavg()[0]
        result = replace(await ROWS[name](options, _say), load=load)
        keep(file, [result])
        if fsyncs and name not in _WITHOUT_FSYNCS:
            result = await _with_fsyncs(result, options, why_not)
            keep(file, [result])
        for line in lines_of(result):
            _say(f"  {line}")


async def _with_fsyncs(timed: RowResult, options: Options, why_not: str | None) -> RowResult:
    if why_not is None:
        _say("  fsyncs: one more round, under strace")
        try:
            return with_fsyncs(timed, await counted(timed.row, options))
        except RuntimeError as error:
            _say(f"  {error}")
            why_not = "their pass failed"
    _say(f"  fsyncs were not counted: {why_not}")
    return without_fsyncs(timed, why_not)


async def _unless_stopped(names: list[str], options: Options, file: Path, *, fsyncs: bool) -> bool:
    """Measure and return True; or, after Ctrl-C or SIGTERM, take away all that runs and return False."""
    return await StopSignals().unless_received(_measure(names, options, file, fsyncs=fsyncs))


def main() -> int:
    """Run the rows that are asked for, one after the other; what each gives is kept at once."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description="Measures Warmline on servers of its own; nothing passes or fails.",
        epilog=f"Sizes, with what they are else: {_SIZES}.",
    )
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which to run, else all: {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that must count, on a steady disk (5)")
    parser.add_argument("--seconds", type=int, default=3, help="how long each contestant's turn is (3)")
    parser.add_argument("--size", action="append", default=[], metavar="NAME=NUMBER", help="a size of a row")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="FOLDER",
        help="much_stored fills this folder and keeps it: given again, it goes on from there (else one that goes away)",
    )
    parser.add_argument("--output", type=Path, help="the file of results (else benchmarks/results/<today>.json)")
    parser.add_argument("--no-fsyncs", action="store_true", help="leave out the pass that counts them, under strace")
    given = parser.parse_args()
    unknown = [name for name in given.rows if name not in ROWS]
    if unknown:
        parser.error(f"there is no row {', '.join(unknown)}; there are: {', '.join(ROWS)}")
    sizes = {}
    for size in given.size:
        name, _, number = size.partition("=")
        if not number.isdigit():
            parser.error(f"--size {size}: give a name and a whole number, such as EVENTS=100000")
        sizes[name] = int(number)
    options = Options(rounds=given.rounds, seconds=given.seconds, sizes=sizes, data=given.data)
    names, file = given.rows or list(ROWS), given.output or todays_file()
    if not asyncio.run(_unless_stopped(names, options, file, fsyncs=not given.no_fsyncs)):
        _say("Stopped. Of the rows that came to their end, what they gave is kept.")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
