"""What the kept results say, as lines, as the table of the docs and as a chart."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.results import RowResult
from benchmarks.targets import TARGETS


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
    if result.discarded:
        yield f"{result.discarded} rounds did not count: the disk was not steady"
