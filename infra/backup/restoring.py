"""Restoring a backup into servers that hold nothing, and bringing the pair together."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path
from typing import Any, Final

import msgspec
import nats.errors
import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from infra.backup.database import restore_database, tables_in
from infra.backup.identities import rename_readers
from infra.backup.manifest import KeptStream, Manifest, check_files
from infra.backup.replicas import wait_for_replicas
from infra.backup.streams import ask, load_stream
from infra.nats_for_commands import connect_for_command
from infra.operator_error import OperatorError
from infra.private_file import write_private
from infra.progress import Progress
from infra.provision import provision
from infra.running_servers import Servers
from infra.shards import SERVICES
from infra.stream_reading import read_stream
from shared.contracts.cloudevents import MemberEvent, UnknownTypeError
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS
from shared.contracts.touch_facts import TouchSettled
from shared.contracts.warmline_facts import TouchSettled as TouchSettledFact
from shared.delivery import Message, decode
from shared.postgres_liveness import lively_conninfo
from shared.stream_identity import look_at, reader_in, with_new_identity
from shared.topology import StreamSettings, streams

AGAIN: Final = (
    "What was restored is incomplete. Before you try again, empty both servers. On a slow disk, start NATS with "
    "WARMLINE_NATS_SYNC=2m for the restoration, and only for it: docs/backup.md."
)
"""What to do on servers of the operator's own when a restoration breaks off."""
_SETTLED_FACTS: Final = ("p.*.member.*.warmline.touch-settled",)


async def restore_backup(
    servers: Servers, folder: Path, manifest: Manifest, *, replicas: int, progress: Progress, again: str = AGAIN
) -> None:
    """Restore both stores from ``folder`` into ``servers``, with streams on ``replicas`` servers each.

    ``again`` says, in an error, what to do before the next try.

    Raises OperatorError before anything is changed when the backup is damaged or the servers hold something.
    """
    total = sum(kept.bytes for kept in manifest.files)
    progress.step("checking the backup", total)
    await asyncio.to_thread(check_files, folder, manifest, progress.reach)
    client = await connect_for_command(servers.nats_url, "warmline restore")
    try:
        await _refuse_used(client, servers.postgres_url)
        try:
            await _restore_stores(client, servers, folder, manifest, replicas=replicas, progress=progress)
        except (OperatorError, nats.errors.Error, psycopg.Error, OSError) as error:
            raise OperatorError(f"{str(error).rstrip('.') or type(error).__name__}. {again}") from error
    finally:
        await client.close()
    settings = StreamSettings(max_bytes=_bound(manifest), replicas=replicas)
    await provision(servers.nats_url, servers.postgres_url, manifest.partitions, settings)


async def _restore_stores(
    client: Client, servers: Servers, folder: Path, manifest: Manifest, *, replicas: int, progress: Progress
) -> None:
    progress.step("restoring the database")
    await restore_database(servers.postgres_url, folder / manifest.database.name)
    names = {}
    for kept in manifest.streams:
        progress.step(f"restoring {kept.name}, {kept.messages:,} messages", kept.file.bytes)
        config = _config(kept, replicas)
        info = await load_stream(client, kept.name, config, folder / kept.file.name, progress.reach)
        names[kept.reader] = reader_in(info)
        await wait_for_replicas(client, kept.name, info["state"]["messages"], replicas, progress)
    url = lively_conninfo(servers.postgres_url)
    async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
        await rename_readers(connection, names)
        await _free_shards(connection)
    await _drop_effects_without_cause(client, manifest, progress)


def restore_others(folder: Path, manifest: Manifest, data: Path) -> None:
    """Put the files that lay beside the stores into ``data``."""
    for kept in manifest.others:
        write_private(data / kept.name, (folder / kept.name).read_text(encoding="utf-8"))


def store_bytes(manifest: Manifest) -> int:
    """Return what a NATS server must be allowed to store, in bytes."""
    return sum(int(stream.config["max_bytes"]) for stream in manifest.streams) + (1 << 30)


async def _refuse_used(client: Client, postgres_url: str) -> None:
    for stream in streams():
        if "error" not in await ask(client, f"STREAM.INFO.{stream.name}"):
            raise OperatorError(
                f"The NATS server holds a stream {stream.name} already. A backup is restored into empty servers only: "
                "name others, or delete what is there yourself."
            )
    async with await psycopg.AsyncConnection.connect(postgres_url, connect_timeout=5) as connection:
        tables = await tables_in(connection)
    if tables:
        raise OperatorError(
            f"The database is not empty: it holds {', '.join(tables[:3])}{' and more' * (len(tables) > 3)}. A backup "
            "is restored into empty servers only: name another database, or drop what is there yourself."
        )


def _bound(manifest: Manifest) -> int:
    return next(int(kept.config["max_bytes"]) for kept in manifest.streams if kept.name == MEMBER_EVENTS)


def _config(kept: KeptStream, replicas: int) -> dict[str, Any]:
    """Return the configuration as this build wants it, with the bound that the stream had and a new identity."""
    settings = StreamSettings(replicas=replicas)
    wanted = next(stream for stream in streams(settings) if stream.name == kept.name)
    return with_new_identity({**kept.config, **wanted.config(), "max_bytes": kept.config["max_bytes"]})


async def _free_shards(connection: psycopg.AsyncConnection[Any]) -> None:
    """Nobody owns what was restored, whoever did when it was saved."""
    for service in SERVICES:
        await connection.execute(
            SQL("UPDATE {} SET owner = '', expires_at = to_timestamp(0), halted = NULL").format(
                Identifier(service, "shards")
            )
        )
        await connection.execute(SQL("DELETE FROM {}").format(Identifier(service, "workers")))


async def _drop_effects_without_cause(client: Client, manifest: Manifest, progress: Progress) -> None:
    """Delete settled touches that came back into MEMBER_EVENTS after the snapshot of what they came from was taken."""
    progress.step("looking at what came back from touches")
    causes: set[str] = set()
    seen = await look_at(client, TOUCH_FACTS)
    async with aclosing(read_stream(client, TOUCH_FACTS, ("touch.*.settled",), after=0, until=seen.last)) as batches:
        async for messages in batches:
            facts = [_event(message) for message in messages]
            causes.update(fact.touch for fact in facts if isinstance(fact, TouchSettled))
    seen = await look_at(client, MEMBER_EVENTS)
    effects = read_stream(client, MEMBER_EVENTS, _SETTLED_FACTS, after=manifest.facts_from, until=seen.last)
    async with aclosing(effects) as batches:
        async for messages in batches:
            for message in messages:
                event = _event(message)
                fact = event.data if isinstance(event, MemberEvent) else None
                if isinstance(fact, TouchSettledFact) and fact.touch not in causes:
                    await ask(client, f"STREAM.MSG.DELETE.{MEMBER_EVENTS}", {"seq": message.seq})


def _event(message: Message) -> Any:
    """Return the event in ``message``; None where there is none that can be read."""
    try:
        return decode(message).event
    except (UnknownTypeError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
