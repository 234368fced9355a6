"""`warmline migrate-data`: everything from DATA to servers of one's own, and back."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Final

import typer
from rich.console import Console

from infra.backup.restoring import store_bytes
from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data, NatsNodes, Replicas
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.embedded_servers import embedded_servers, what_to_delete
from infra.migration import Counted, count, load_migrated, save_for_migration
from infra.operator_error import OperatorError
from infra.running_servers import NATS_URL, POSTGRES_URL, Servers, connected, named_servers
from infra.start_policy import keep_policy_in_force

_TO_SERVERS: Final = "to-servers"
_TO_DATA: Final = "to-data"


def migrate_data(
    direction: Annotated[str, typer.Argument(metavar="to-servers|to-data", help="Where everything is to go.")],
    data: Data = DEFAULT_DATA,
    nats_nodes: NatsNodes = 1,
    replicas: Replicas = 1,
) -> None:
    """Move everything between DATA and servers of your own, while nothing of Warmline runs.

    Your servers are those of WARMLINE_NATS_URL and WARMLINE_POSTGRES_URL. The side that it goes to must be empty.
    Nothing is changed on the side that it leaves; at the end both are counted and compared. Start one of them only.
    """
    quiet_logs()
    with failures_in_words():
        if direction not in (_TO_SERVERS, _TO_DATA):
            raise OperatorError(f"Say where everything is to go: {_TO_SERVERS} or {_TO_DATA}, not {direction}.")
        own = _own_servers()
        out = direction == _TO_SERVERS
        moved = asyncio.run(_to_servers(data, own, replicas) if out else _to_data(own, data, nats_nodes))
        _show(moved, data, direction)


def _own_servers() -> Servers:
    named = named_servers(os.environ)
    if named is None:
        raise OperatorError(f"Set {NATS_URL} and {POSTGRES_URL}: they name the servers of your own.")
    return named


async def _to_servers(data: Path, own: Servers, replicas: int) -> Counted:
    if not (data / "postgres.path").exists():
        raise OperatorError(f"{data} holds no Warmline: name its folder with --data.")
    with _folder(data) as folder, ProgressDisplay() as progress:
        async with embedded_servers(data) as source, connected(source, "warmline migrate-data") as connections:
            counted = await count(connections)
            manifest = await save_for_migration(connections, folder, progress)
        return await load_migrated(own, folder, manifest, counted, replicas=replicas, progress=progress)


async def _to_data(own: Servers, data: Path, nodes: int) -> Counted:
    with _folder(data) as folder, ProgressDisplay() as progress:
        async with connected(own, "warmline migrate-data") as connections:
            counted = await count(connections)
            manifest = await save_for_migration(connections, folder, progress)
        room = store_bytes(manifest)
        async with embedded_servers(data, nats_nodes=nodes, store_bytes=room, restoring=True) as target:
            moved = await load_migrated(
                target, folder, manifest, counted, replicas=nodes, progress=progress, again=what_to_delete(data)
            )
            keep_policy_in_force(data)
            return moved


@contextmanager
def _folder(data: Path) -> Iterator[Path]:
    """Give a folder in DATA, where there is room for what DATA holds, until the end."""
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    with TemporaryDirectory(prefix="migration-", dir=data) as folder:
        yield Path(folder)


def _show(moved: Counted, data: Path, direction: str) -> None:
    console = Console(soft_wrap=True, highlight=False)
    for stream, (messages, last) in moved.streams.items():
        console.print(f"{stream}: {messages:,} messages, up to {last:,}", markup=False)
    console.print(f"database: {sum(moved.rows.values()):,} rows in {len(moved.rows):,} tables")
    console.print(f"readers: {len(moved.readers):,}, each where it was")
    where = "your servers" if direction == _TO_SERVERS else str(data)
    left = str(data) if direction == _TO_SERVERS else "your servers"
    console.print(f"\nEverything is on {where} now, and compared.", style="bold green", markup=False)
    console.print(
        f"Start Warmline there, and never again on {left}, which holds the same: keep it until all is well.",
        markup=False,
    )
