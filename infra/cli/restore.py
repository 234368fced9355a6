"""`warmline restore`: a backup into servers that hold nothing."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.backup.manifest import Manifest, read_manifest
from infra.backup.restoring import AGAIN, restore_backup, restore_others, store_bytes
from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data, NatsNodes, Replicas
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.cli.reconcile import show
from infra.embedded_servers import embedded_servers, what_to_delete
from infra.reconcile.run import Reconciled, reconcile
from infra.running_servers import NATS_URL, Servers, connected, running_servers
from infra.start_policy import keep_policy_in_force


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A folder that `warmline backup` has written.")],
    data: Data = DEFAULT_DATA,
    nats_nodes: NatsNodes = 1,
    replicas: Replicas = 1,
) -> None:
    """Restore a backup into an empty DATA, or into the empty servers that the environment names, and reconcile it.

    The servers are those of WARMLINE_NATS_URL and WARMLINE_POSTGRES_URL if these are set, else those of DATA,
    which are started for the time being. Whatever holds
    anything is refused. Start Warmline afterwards.
    """
    quiet_logs()
    with failures_in_words():
        manifest = read_manifest(folder)
        console = Console(soft_wrap=True, highlight=False)
        console.print(
            f"Backup of {manifest.began_at:%F %T} UTC by Warmline {manifest.warmline}: "
            f"{manifest.partitions} partitions, {sum(one.messages for one in manifest.streams):,} messages.",
            markup=False,
        )
        if NATS_URL in os.environ:
            done = asyncio.run(_restore(running_servers(data, os.environ), folder, manifest, replicas, AGAIN))
        else:
            done = asyncio.run(_restore_data(folder, manifest, data, nats_nodes))
        show(console, done)
        console.print(f"\nRestored. Start Warmline with {manifest.partitions} partitions (WARMLINE_PARTITIONS).")


async def _restore_data(folder: Path, manifest: Manifest, data: Path, nodes: int) -> Reconciled:
    room = store_bytes(manifest)
    async with embedded_servers(data, nats_nodes=nodes, store_bytes=room, restoring=True) as servers:
        done = await _restore(servers, folder, manifest, nodes, what_to_delete(data))
        restore_others(folder, manifest, data)
        keep_policy_in_force(data)
        return done


async def _restore(servers: Servers, folder: Path, manifest: Manifest, replicas: int, again: str) -> Reconciled:
    with ProgressDisplay() as progress:
        await restore_backup(servers, folder, manifest, replicas=replicas, progress=progress, again=again)
        async with connected(servers, "warmline restore") as connections:
            return await reconcile(connections, progress)
