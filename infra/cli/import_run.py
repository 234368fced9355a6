"""One import from the command line: a progress bar while it runs, and an account of it whatever ends it."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from infra.cli.options import checked_name
from infra.cli.plain_text import plain
from infra.importing import run
from infra.importing.archive import Archive, open_archive
from infra.importing.reading import ExportFormat
from infra.importing.run import Destination
from infra.importing.tally import Tally
from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError
from infra.running_system import RunningSystem, running_system

_EVERYTHING = "everything"


def import_export(
    path: Path, export: ExportFormat, *, community: str, source: str, since: str | None, data: Path
) -> None:
    """Import the export at ``path``; ``since`` is a date or "everything", and is asked for where somebody can answer.

    Raises OperatorError, and typer.Exit when it is interrupted.
    """
    checked_name("--community", community)
    checked_name("--source", source)
    archive = open_archive(path)
    system = running_system(data, os.environ)
    if since is None and sys.stdin.isatty():
        since = typer.prompt(f"History from when on: a date such as 2025-01-31, or {_EVERYTHING}", default=_EVERYTHING)
    destination = Destination(community=community, source_name=source, since=_date(since or _EVERYTHING))
    _import(archive, export, destination, system)


def checked_site(site: str | None, example: str) -> str | None:
    """Return the value of --site; raises OperatorError if it is no address."""
    if site is not None and not site.startswith(("http://", "https://")):
        raise OperatorError(f"--site is {site!r}: write an address such as {example}")
    return site


def _date(since: str) -> datetime | None:
    if since.strip() == _EVERYTHING:
        return None
    try:
        return datetime.strptime(since.strip(), "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise OperatorError(f"--since is {since!r}: write a date such as 2025-01-31, or {_EVERYTHING}.") from None


def _import(archive: Archive, export: ExportFormat, destination: Destination, system: RunningSystem) -> None:
    console, tally, began = Console(soft_wrap=True, highlight=False), Tally(), time.monotonic()
    try:
        asyncio.run(_send(archive, export, destination, system, tally, console))
    except (KeyboardInterrupt, OperatorError) as end:
        _report(console, tally, time.monotonic() - began)
        advice = (
            f"The import into {destination.community} is not finished. The same command goes on where it ended; until "
            "it has finished, nobody is asked to act there."
        )
        if isinstance(end, KeyboardInterrupt):
            console.print(advice, markup=False)
            raise typer.Exit(130) from None
        raise OperatorError(f"{end}\n{advice}" if tally.pieces else str(end)) from end
    _report(console, tally, time.monotonic() - began)
    if tally.read:
        return
    if not tally.finished_before:
        raise OperatorError(f"Nothing was imported. Expected are {export.expected}.")
    console.print("Everything was imported before.")


async def _send(
    archive: Archive,
    export: ExportFormat,
    destination: Destination,
    system: RunningSystem,
    tally: Tally,
    console: Console,
) -> None:
    columns = (TextColumn("Importing"), BarColumn(), TaskProgressColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task("looking through the archive", total=None)

        def show(progress: run.Progress) -> None:
            bar.update(
                task, completed=progress.done, total=progress.total, description=f"{progress.events:,} events read"
            )

        def waiting(why: str, seconds: float) -> None:
            if seconds >= 1:
                bar.console.print(f"Waiting {seconds:.0f} s: {why}", markup=False)

        async with ingest_client(system.ingest_url, system.token, on_wait=waiting) as ingest:
            await run.import_archive(archive, export, destination, ingest, tally=tally, on_progress=show)


def _report(console: Console, tally: Tally, seconds: float) -> None:
    if not tally.pieces:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_row(
        "files, or stretches of long ones", f"{tally.pieces:,}", f"{tally.finished_before:,} of an earlier run"
    )
    table.add_row(
        "events read", f"{tally.read:,}", f"{seconds:.1f} s, {tally.read / max(seconds, 0.001):,.0f} events/s"
    )
    table.add_row("accepted", f"{tally.accepted:,}", "")
    table.add_row("duplicate", f"{tally.duplicate:,}", "known before, and not taken again")
    table.add_row("refused", f"{tally.refused.total():,}", "")
    table.add_row("skipped", f"{tally.skipped.total():,}", "")
    console.print(table)
    for what, counts in (("Refused", tally.refused), ("Skipped", tally.skipped)):
        for why, count in counts.most_common():
            said = plain(f"{what} {count:,}: {why}. For example {'; '.join(tally.examples[why])}")
            console.print(said, markup=False)
