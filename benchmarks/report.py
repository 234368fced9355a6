"""What the kept results say: lines for the terminal, and all that docs/performance.md shows of them.

``python -m benchmarks.report`` prints it, ``--write`` puts it into the docs.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from benchmarks.chart import rates_chart, targets_chart
from benchmarks.page_part import write_part
from benchmarks.results import Contestant, Results, RowResult, newest_file, read
from benchmarks.sizing import BEGIN as SIZING_BEGIN
from benchmarks.sizing import sizing_lines
from benchmarks.targets import DETAILS, TARGETS

DOCS: Final = Path(__file__).parent.parent / "docs"
PAGE: Final = DOCS / "performance.md"
SIZING: Final = DOCS / "operations" / "sizing.md"
BEGIN: Final = "<!-- begin: written by python -m benchmarks.report --write -->"
END: Final = "<!-- end -->"
CHARTS: Final = {"performance-targets.svg": targets_chart, "performance-rates.svg": rates_chart}
_REACHED: Final = {"aim": "aim", "floor": "floor", "missed": "**not yet**"}
_RANGE: Final = 2


def number(value: float) -> str:
    """Return ``value`` with three digits that mean something."""
    if abs(value) >= 1000:
        return f"{float(f'{value:.3g}'):,.0f}"
    return f"{value:.3g}"


def lines_of(result: RowResult) -> Iterator[str]:
    """Yield what a row gave, for the terminal."""
    for one in result.contestants:
        fsyncs = "" if one.fsyncs_per_1000 is None else f"  {number(one.fsyncs_per_1000)} fsyncs per 1,000"
        yield f"{one.name:<24} {number(one.rate):>8} events/s  {number(one.cpu_us):>6} µs of processor each{fsyncs}"
    for target in TARGETS:
        if target.name in result.figures:
            value = result.figures[target.name]
            aims = f"(floor {number(target.floor)}, aim {number(target.aim)})"
            yield f"{target.title}: {number(value)} {target.unit} {aims}: {target.judge(value)}"
    for name, (title, unit) in DETAILS.items():
        if name in result.figures:
            yield f"{title}: {number(result.figures[name])} {unit}"
    if result.discarded:
        yield f"{result.discarded} rounds did not count: the disk was not steady"


def page_part(results: Results) -> str:
    """Return what stands between the marks in docs/performance.md."""
    machine = ", ".join(f"{name} {value}" for name, value in results.machine.items())
    lines = ["| measure | floor | aim | measured | reached |", "|---|---:|---:|---:|---|"]
    for target in TARGETS:
        value = _figure(results, target.row, target.name)
        bounds = f"{number(target.floor)} | {number(target.aim)}"
        told = " | not measured" if value is None else f"{number(value)} | {_REACHED[target.judge(value)]}"
        unit = f" ({target.unit})" if target.unit else ""
        lines.append(f"| {target.title}{unit} | {bounds} | {told} |")
    lines += ["", f"Measured with: {machine}.", ""]
    for row in results.rows.values():
        lines += _section(row)
    return "\n".join(lines).rstrip()


def _figure(results: Results, row: str, name: str) -> float | None:
    result = results.rows.get(row)
    return None if result is None else result.figures.get(name)


def _section(row: RowResult) -> Iterator[str]:
    sizes = ", ".join(f"{name} {size:,}" for name, size in row.sizes.items())
    yield f"### {row.row}"
    yield ""
    discarded = f", {row.discarded} more did not count" if row.discarded else ""
    busy = "" if row.load is None else f" As it began, the machine's load was {row.load:.1f}."
    yield f"{row.at:%Y-%m-%d %H:%M} UTC, rounds: {row.rounds}{discarded}; {sizes}.{busy}"
    yield from row.notes
    if row.contestants:
        yield ""
        yield "| way | events/s | slowest to fastest round | µs of processor an event | fsyncs for 1,000 |"
        yield "|---|---:|---|---:|---:|"
        yield from map(_way, row.contestants)
    details = [(*DETAILS[name], value) for name, value in row.figures.items() if name in DETAILS]
    if details:
        yield ""
        yield from (f"- {title}: {number(value)} {unit}" for title, unit, value in details)
    yield ""


def _way(one: Contestant) -> str:
    spread = f"{number(min(one.rates))} to {number(max(one.rates))}" if len(one.rates) >= _RANGE else ""
    fsyncs = "" if one.fsyncs_per_1000 is None else number(one.fsyncs_per_1000)
    return f"| {one.name} | {number(one.rate)} | {spread} | {number(one.cpu_us)} | {fsyncs} |"


def page_with(page: str, part: str) -> str:
    """Return ``page`` with ``part`` between its marks; raises ValueError when it has none."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{PAGE} has no place for figures: it wants the lines {BEGIN} and {END}")
    return f"{before}{BEGIN}\n\n{part}\n\n{END}{after}"


def main() -> None:
    """Print what the newest results say, or write it into the docs."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.report", description="Shows the kept results.")
    parser.add_argument("results", nargs="?", type=Path, help="the file (else the newest in benchmarks/results)")
    parser.add_argument("--write", action="store_true", help="put it into the docs, and draw the charts")
    given = parser.parse_args()
    file = given.results or newest_file()
    if file is None:
        sys.exit("Nothing was measured yet: make bench does it.")
    results = read(file)
    if not given.write:
        sys.stdout.write(page_part(results) + "\n")
        return
    PAGE.write_text(page_with(PAGE.read_text(encoding="utf-8"), page_part(results)), encoding="utf-8")
    write_part(SIZING, SIZING_BEGIN, list(sizing_lines(results)))
    for name, draw in CHARTS.items():
        (DOCS / name).write_text(draw(results), encoding="utf-8")
    sys.stdout.write(f"{PAGE}, {SIZING}, {', '.join(CHARTS)}\n")


if __name__ == "__main__":
    main()
