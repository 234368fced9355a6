"""What the kept results say to whoever chooses a machine: the part of docs/operations/sizing.md that is measured."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from benchmarks.results import Results
from infra.shards import SERVICES

BEGIN: Final = "<!-- measured: written by python -m benchmarks.report --write -->"
DISK: Final = {
    "disk-streams": "NATS: the three streams",
    "disk-triage": "PostgreSQL: triage's facts, states and inbox",
    "disk-history": "PostgreSQL: the history",
    "disk-touches": "PostgreSQL: touches, in notifier and in the queue",
}
"""Figures of ``much_stored`` in GB for a million events, and what lies there."""


def sizing_lines(results: Results) -> Iterator[str]:
    """Yield the lines; of a row that was not measured, nothing."""
    line, stored = (results.rows.get(row) for row in ("whole_pipeline", "much_stored"))
    yield ""
    if line is not None:
        cpu, rate, fsyncs = (line.figures.get(name) for name in ("pipeline-cpu", "pipeline", "pipeline-fsyncs"))
        if cpu and rate:
            yield f"- Processor time of an event, from the request to the queue, both servers included: {cpu:.0f} µs."
            yield f"- Two processors, with the sender on them, carried {float(f'{rate:.3g}'):,.0f} events a second."
        if fsyncs:
            yield f"- Syncs under load: {fsyncs:.0f} for a thousand events."
    if stored is not None:
        figures, events = stored.figures, stored.sizes.get("stored at the end", 0)
        yield from ("", f"With {events:,} events stored:", "")
        yield from ("| the most that was held in memory | MiB |", "|---|---:|")
        yield from (f"| {one} | {figures[f'memory-{one}']:.0f} |" for one in SERVICES if f"memory-{one}" in figures)
        disk = [f"| {title} | {figures[name]:.2f} |" for name, title in DISK.items() if name in figures]
        if disk:
            yield from ["", "| on disk, for a million events | GB |", "|---|---:|", *disk]
    yield ""
