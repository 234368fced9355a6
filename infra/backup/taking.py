"""Taking a backup of a running system, in the order that makes it a pair: the database first, then the streams."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from infra.backup.database import dump_database, server_version
from infra.backup.kept_files import KeptFileWriter
from infra.backup.manifest import KeptFile, KeptStream, Manifest, write_manifest
from infra.backup.streams import ask, save_stream
from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.running_servers import Connections
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.stream_identity import look_at, reader_in

ORDER: Final = (TOUCHES, TOUCH_FACTS, MEMBER_EVENTS)
"""What follows from a stream is saved before it, and can be made again from what is saved after it."""


async def take_backup(servers: Connections, folder: Path, others: Sequence[Path], progress: Progress) -> Manifest:
    """Write a backup into ``folder``, which must be empty or missing, with copies of ``others``; return its manifest.

    Raises OperatorError; what was written by then has no manifest, and is no backup.
    """
    began_at = datetime.now(UTC)
    _make_empty(folder)
    progress.step("saving the database")
    with KeptFileWriter(folder, "database.dump") as file:
        await dump_database(servers.postgres_url, file, progress.reach)
        database = file
    streams, facts_from = [], 0
    for stream in ORDER:
        if stream == TOUCH_FACTS:
            facts_from = (await look_at(servers.client, MEMBER_EVENTS)).last
        streams.append(await _save(servers, folder, stream, progress))
    manifest = Manifest(
        warmline=version("warmline"),
        began_at=began_at,
        ended_at=datetime.now(UTC),
        partitions=servers.partitions,
        postgres=await server_version(servers.postgres),
        nats=str(servers.client.connected_server_version),
        facts_from=facts_from,
        database=database.kept,
        streams=tuple(streams),
        others=tuple(_copy(folder, other) for other in others if other.is_file()),
    )
    write_manifest(folder, manifest)
    return manifest


def _make_empty(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if any(folder.iterdir()):
            raise OperatorError(f"{folder} is not empty. Name a new folder: a backup shares its own with nothing.")
    except OSError as error:
        raise OperatorError(
            f"{folder} cannot be written: {error.strerror}. Name a folder that you may write."
        ) from error


async def _save(servers: Connections, folder: Path, stream: str, progress: Progress) -> KeptStream:
    info = await ask(servers.client, f"STREAM.INFO.{stream}")
    if "error" in info:
        raise OperatorError(f"The stream {stream} cannot be saved: {info['error']['description']}.")
    state = info["state"]
    progress.step(f"saving {stream}, {state['messages']:,} messages")
    with KeptFileWriter(folder, f"{stream}.snapshot") as file:
        await save_stream(servers.client, stream, file, progress.reach)
    return KeptStream(
        name=stream,
        reader=reader_in(info),
        config=info["config"],
        messages=state["messages"],
        last=state["last_seq"],
        file=file.kept,
    )


def _copy(folder: Path, other: Path) -> KeptFile:
    with KeptFileWriter(folder, other.name) as file:
        file.write(other.read_bytes())
    return file.kept
