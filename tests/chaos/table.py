"""The verdict for people, and for programs."""

from __future__ import annotations

import dataclasses
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from tests.chaos.verdict import RECOVERY_SECONDS, Line, Verdict


def show(console: Console, verdict: Verdict) -> None:
    """Print the table and what is to be said of it."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("fault", no_wrap=True)
    for name in ("times", "accepted", "lost", "doubled", "out of order", "recovery", "worst"):
        table.add_column(name, justify="right", no_wrap=True)
    for line in (*verdict.lines, verdict.total):
        _add(table, line, bold=line is verdict.total)
    console.print(table)
    touches = ", ".join(f"{count:,} {state}" for state, count in sorted(verdict.touches.items()))
    console.print(f"\nRecovery in seconds, median and worst. Touches: {touches or 'none'}.", highlight=False)
    for line in verdict.lines:
        if line.impossible:
            console.print(f"Not possible here: {line.fault}: {line.impossible}", style="yellow", highlight=False)
    for note in verdict.notes:
        console.print(note, highlight=False, markup=False)
    for what in verdict.wrong:
        console.print(Text(f"Wrong: {what}", style="bold red"))
    again = f"make chaos SEED={verdict.seed} SECONDS={verdict.seconds:.0f} NODES={verdict.nodes}"
    if verdict.good:
        console.print("\nNothing is lost, doubled or out of order.", style="bold green")
    else:
        console.print(f"\nThe same schedule again: {again}", style="bold red", highlight=False)


def as_data(verdict: Verdict) -> dict[str, Any]:
    """Return the verdict as JSON has it."""
    return {**dataclasses.asdict(verdict), "good": verdict.good}


def _add(table: Table, line: Line, *, bold: bool) -> None:
    if line.impossible:
        table.add_row(line.fault, Text("not here", style="yellow"))
        return
    table.add_row(
        line.fault,
        f"{line.times:,}",
        f"{line.accepted:,}",
        *(_zero(count) for count in (line.lost, line.doubled, line.disordered)),
        _seconds(line.median),
        Text("never", style="bold red") if None in line.recovery else _seconds(line.worst),
        style="bold" if bold else None,
    )


def _zero(count: int) -> Text:
    return Text(f"{count:,}", style="bold red" if count else "green")


def _seconds(seconds: float | None) -> Text:
    if seconds is None:
        return Text("-")
    return Text(f"{seconds:.1f}", style="bold red" if seconds >= RECOVERY_SECONDS else "")
