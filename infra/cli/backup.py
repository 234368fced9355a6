"""`warmline backup`: both stores into a folder, while the system runs."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.backup.manifest import Manifest
from infra.backup.taking import take_backup
from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.running_servers import NATS_URL, Servers, connected, running_servers

BESIDE = ("policy.yaml", "policy.adopted")
"""Files of DATA that go with the stores."""


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder for the backup.")],
    data: Data = DEFAULT_DATA,
) -> None:
    """Save the database and the streams into a folder, while the system runs.

    The database is saved first and the streams after it, so that `warmline restore` loses nothing that the streams
    hold. The folder holds everything that members wrote: keep it as you keep the system itself. No tokens and no
    passwords are in it.
    """
    quiet_logs()
    with failures_in_words():
        beside = [] if NATS_URL in os.environ else [data / name for name in BESIDE]
        try:
            manifest = asyncio.run(_back_up(running_servers(data, os.environ), folder, beside))
        except KeyboardInterrupt:
            typer.echo(f"Interrupted: what is in {folder} is no backup. Delete it.", err=True)
            raise typer.Exit(130) from None
        show(folder, manifest)


async def _back_up(servers: Servers, folder: Path, beside: list[Path]) -> Manifest:
    with ProgressDisplay() as progress:
        async with connected(servers, "warmline backup") as connections:
            return await take_backup(connections, folder, beside, progress)


def show(folder: Path, manifest: Manifest) -> None:
    """Print what a backup holds."""
    console = Console(soft_wrap=True, highlight=False)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, side in (("what", "left"), ("messages", "right"), ("up to", "right"), ("MB", "right")):
        table.add_column(name, justify="right" if side == "right" else "left")
    table.add_row("database", "", "", f"{manifest.database.bytes / 1e6:,.1f}")
    for stream in manifest.streams:
        table.add_row(stream.name, f"{stream.messages:,}", f"{stream.last:,}", f"{stream.file.bytes / 1e6:,.1f}")
    console.print(table)
    seconds = (manifest.ended_at - manifest.began_at).total_seconds()
    console.print(f"\nSaved in {folder}, begun {manifest.began_at:%F %T} UTC, {seconds:.1f} s.", markup=False)
