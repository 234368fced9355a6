"""``python -m benchmarks``, or ``make bench``: measure, and keep what was found."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

from benchmarks.options import Options
from benchmarks.report import lines_of
from benchmarks.results import RowResult, keep, todays_file
from benchmarks.rows import projection_share, recorder_share, triage_throughput
from benchmarks.stage import Stage, stage

Row = Callable[[Stage, Options, Callable[[str], None]], Awaitable[RowResult]]

ROWS: Final[dict[str, Row]] = {
    module.ROW: module.run for module in (triage_throughput, recorder_share, projection_share)
}


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


async def _measure(names: list[str], options: Options, file: Path) -> None:
    for name in names:
        _say(f"{name}: {ROWS[name].__doc__ or ''}".strip())
        async with stage() as standing:
            result = await ROWS[name](standing, options, _say)
        keep(file, [result])
        for line in lines_of(result):
            _say(f"  {line}")


def main() -> None:
    """Run the rows that are asked for, one after the other; what each gives is kept at once."""
    parser = argparse.ArgumentParser(prog="make bench", description="Measures Warmline; nothing passes or fails.")
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"which to run, else all: {', '.join(ROWS)}")
    parser.add_argument("--rounds", type=int, default=5, help="rounds that must count, on a steady disk (5)")
    parser.add_argument("--seconds", type=int, default=3, help="how long each contestant's turn is (3)")
    parser.add_argument("--size", action="append", default=[], metavar="NAME=NUMBER", help="a size of a row")
    parser.add_argument("--output", type=Path, help="the file of results (else benchmarks/results/<today>.json)")
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
    options = Options(rounds=given.rounds, seconds=given.seconds, sizes=sizes)
    asyncio.run(_measure(given.rows or list(ROWS), options, given.output or todays_file()))


if __name__ == "__main__":
    main()
