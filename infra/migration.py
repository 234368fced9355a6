"""Moving all data from one pair of servers to another that holds nothing, while no service runs on either."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from infra.backup.database import tables_in
from infra.backup.manifest import Manifest
from infra.backup.restoring import AGAIN, restore_backup
from infra.backup.streams import ask
from infra.backup.taking import ORDER, take_backup
from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.readers import all_readers
from infra.running_servers import Connections, Servers, connected
from infra.shards import all_shards


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What a pair of servers holds: rows by table, messages and last sequence by stream, and where every reader is."""

    rows: dict[str, int]
    streams: dict[str, tuple[int, int]]
    readers: dict[str, int]


async def save_for_migration(source: Connections, folder: Path, progress: Progress) -> Manifest:
    """Save everything into ``folder``; raises OperatorError while a service runs on ``source``."""
    await _refuse_running(source)
    return await take_backup(source, folder, (), progress)


async def load_migrated(
    target: Servers,
    folder: Path,
    manifest: Manifest,
    counted: Counted,
    *,
    replicas: int,
    progress: Progress,
    again: str = AGAIN,
) -> Counted:
    """Restore into ``target`` and return what it holds; raises OperatorError unless that is what was ``counted``."""
    await restore_backup(target, folder, manifest, replicas=replicas, progress=progress, again=again)
    progress.step("comparing both sides")
    async with connected(target, "warmline migrate-data") as connections:
        found = await count(connections)
    differing = [
        f"{name}: {found_there.get(name)}, and was {was}"
        for found_there, counted_there in (
            (found.rows, counted.rows),
            (found.streams, counted.streams),
            (found.readers, counted.readers),
        )
        for name, was in counted_there.items()
        if found_there.get(name) != was
    ]
    if differing:
        raise OperatorError(
            "What arrived is not what was sent. Go on with the old servers, and empty the new ones:\n  "
            + "\n  ".join(differing)
        )
    return found


async def count(servers: Connections) -> Counted:
    """Return what the servers hold."""
    streams = {}
    for stream in ORDER:
        state = (await ask(servers.client, f"STREAM.INFO.{stream}"))["state"]
        streams[stream] = (int(state["messages"]), int(state["last_seq"]))
    readers = await all_readers(servers.postgres, servers.partitions)
    return Counted(
        rows=await _rows(servers.postgres),
        streams=streams,
        readers={f"{one.service} {one.shard} in {one.stream}": one.position for one in readers},
    )


async def _rows(connection: psycopg.AsyncConnection[Any]) -> dict[str, int]:
    rows = {}
    for table in await tables_in(connection):
        schema, name = table.split(".", 1)
        if name != "workers":  # who was alive a moment ago is forgotten on the way
            query = SQL("SELECT count(*) FROM {}").format(Identifier(schema, name))
            row = await (await connection.execute(query)).fetchone()
            rows[table] = int(row[0]) if row else 0
    return rows


async def _refuse_running(source: Connections) -> None:
    owned = sorted({row.service for row in await all_shards(source.postgres) if row.owned})
    if owned:
        raise OperatorError(
            f"Services still run on the servers that are to be left: {', '.join(owned)}. Stop them first; one that was "
            "killed is known to be gone after a few seconds."
        )
