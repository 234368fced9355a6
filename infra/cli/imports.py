"""`warmline import`: history from a platform's export."""

from __future__ import annotations

import asyncio
import os
import re
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.importing import run
from infra.importing.archive import Archive, open_archive
from infra.importing.tally import Tally
from infra.importing.zulip import Origin
from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError
from infra.running_system import RunningSystem, running_system
from shared.contracts.names import NAME_PATTERN

import_app = typer.Typer(
    name="import",
    help="History from a platform's export. Importing twice is harmless: what is there is not taken again.",
    no_args_is_help=True,
)


@import_app.callback()
def imports() -> None:
    """Keep `warmline import FORMAT` the form even while there is one format."""


@import_app.command()
def zulip(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="The archive: a folder or a .tar, .tar.gz, .tar.xz.")],
    community: Annotated[str, typer.Option(help="The community that the history belongs to.")],
    source: Annotated[
        str, typer.Option(help="Which Zulip it comes from, in a word; stay with it for later imports.")
    ] = "archive",
    site: Annotated[
        str | None, typer.Option(help="That Zulip's address, for links to messages: https://acme.zulipchat.com")
    ] = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import an archive made by zulip-archive: a folder for each stream, in it a JSON file for each topic.

    It can be stopped at any time; the same command goes on where it ended.
    """
    with failures_in_words():
        for option, name in (("--community", community), ("--source", source)):
            if not re.fullmatch(NAME_PATTERN.strip("^$"), name):
                raise OperatorError(f"{option} is {name!r}: write 1 to 40 of a-z, 0-9 and '-'.")
        if site is not None and not site.startswith(("http://", "https://")):
            raise OperatorError(f"--site is {site!r}: write an address such as https://acme.zulipchat.com")
        archive = open_archive(path)
        origin = Origin(community=community, source_name=source, site=site)
        _import(archive, origin, running_system(data, os.environ))


def _import(archive: Archive, origin: Origin, system: RunningSystem) -> None:
    console, tally, began = Console(soft_wrap=True, highlight=False), Tally(), time.monotonic()
    try:
        asyncio.run(_send(archive, origin, system, tally, console))
    except (KeyboardInterrupt, OperatorError) as end:
        _report(console, tally, time.monotonic() - began)
        advice = (
            f"The import into {origin.community} is not finished. The same command goes on where it ended; until it "
            "has finished, nobody is asked to act there."
        )
        if isinstance(end, KeyboardInterrupt):
            console.print(advice, markup=False)
            raise typer.Exit(130) from None
        raise OperatorError(f"{end}\n{advice}" if tally.files else str(end)) from end
    _report(console, tally, time.monotonic() - began)
    if tally.read:
        return
    if not tally.finished_before:
        raise OperatorError(
            "Nothing was imported: no file holds messages as zulip-archive writes them. Give a Zulip archive; exports "
            "of other platforms cannot be imported yet."
        )
    console.print("Everything was imported before.")


async def _send(archive: Archive, origin: Origin, system: RunningSystem, tally: Tally, console: Console) -> None:
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
            await run.import_zulip(archive, origin, ingest, tally, show)


def _report(console: Console, tally: Tally, seconds: float) -> None:
    if not tally.files:
        return
    table = Table.grid(padding=(0, 2))
    table.add_column()
    table.add_column(justify="right")
    table.add_column()
    table.add_row("files", f"{tally.files:,}", f"{tally.finished_before:,} finished by an earlier run")
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
            console.print(f"{what} {count:,}: {why}. For example {'; '.join(tally.examples[why])}", markup=False)
