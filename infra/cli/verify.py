"""`warmline verify`: is everything that was accepted kept, and does everything agree?"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.running_servers import Servers, connected, running_servers
from infra.verify.report import Check, Report
from infra.verify.run import verify as run_checks


def verify(
    data: Data = DEFAULT_DATA,
    accepted: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            dir_okay=False,
            help="What a sender was told is accepted, as JSON lines in the order of its posts: "
            '{"post": 1, "community": "acme", "source": "/discord/guild", "id": "post:m1:1"}',
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Check that nothing is lost, doubled or out of order, while the system runs.

    Every message of the streams is read, and every store and view compared with a fresh fold of them, in tables that
    are dropped at the end. What is large takes its time.

    Exit code 0 when everything agrees, 1 when something differs, and 2 when it could not be checked.
    """
    quiet_logs()
    with failures_in_words(exit_code=2):
        try:
            report = asyncio.run(_check(running_servers(data, os.environ), accepted))
        except KeyboardInterrupt:
            raise typer.Exit(130) from None
    if as_json:
        sys.stdout.write(json.dumps(_as_data(report)) + "\n")
    else:
        _show(report)
    if report.differences:
        raise typer.Exit(1)


async def _check(servers: Servers, accepted: Path | None) -> Report:
    with ProgressDisplay() as progress:
        async with connected(servers, "warmline verify") as connections:
            return await run_checks(connections, progress, accepted=accepted)


def _as_data(report: Report) -> dict[str, object]:
    checks = [dataclasses.asdict(check) | {"count": check.count} for check in report.checks.values()]
    return {"clean": not report.differences, "differences": report.differences, "checks": checks}


def _show(report: Report) -> None:
    console = Console(soft_wrap=True, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    table.add_column("check")
    for name in ("compared", "differences", "seconds"):
        table.add_column(name, justify="right")
    for check in report.checks.values():
        found = Text(f"{check.count:,}", style="bold red" if check.count else "green")
        table.add_row(check.name, f"{check.compared:,}", found, f"{check.seconds:.1f}")
    console.print(table)
    for check in report.checks.values():
        _explain(console, check)
    if report.differences:
        total = "1 difference" if report.differences == 1 else f"{report.differences:,} differences"
        console.print(f"\n{total}: see above what differs, and where.", style="bold red")
    else:
        console.print("\nEverything agrees.", style="bold green")


def _explain(console: Console, check: Check) -> None:
    for note in check.notes:
        console.print(f"{check.name}: {note}", markup=False)
    for difference in check.differences:
        console.print(Text.assemble((f"\n{check.name}: {difference.what} ({difference.count:,})", "bold red")))
        for example in difference.examples:
            console.print(f"  {example}", markup=False)
        if difference.count > len(difference.examples) > 0:
            console.print(f"  and {difference.count - len(difference.examples):,} more")
