"""How a running system is: health by real round trips, owners, lag, counts."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import httpx
import nats.errors
import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from infra.dead_letters.counting import OpenLetters, open_letters, told
from infra.nats_for_commands import connect_for_command
from infra.readers import Lag, Reader, all_readers, lags
from infra.running_servers import Servers, partitions_of
from infra.shards import ShardRow, all_shards
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES

_TIMEOUT_SECONDS: Final = 3
_MUCH: Final = 10_000
"""So many messages behind is more than a moment's work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One thing that was asked, and what it said; ``well`` is whether an operator may be at ease."""

    name: str
    well: bool
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """What the parts said."""

    parts: tuple[Part, ...]

    @property
    def well(self) -> bool:
        """Whether every part is."""
        return all(part.well for part in self.parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Where the system answers over HTTP; what is None is not asked."""

    desk_url: str | None
    ingest_url: str | None


async def system_status(servers: Servers, faces: Faces) -> SystemStatus:
    """Ask every part of the system; a part that does not answer says so, and nothing is raised."""
    http, database = await asyncio.gather(_http(faces), _database(servers))
    return SystemStatus(parts=(*http, *await _bus(servers, database.readers), *database.parts))


async def _http(faces: Faces) -> list[Part]:
    parts = []
    async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False) as client:
        for name, url in (("desk", faces.desk_url), ("ingest", faces.ingest_url)):
            if url is None:
                continue
            try:
                response = await client.get(f"{url}/healthz")
                parts.append(Part(name=name, well=response.status_code == 200, says=f"{url} answers {response.text}"))
            except httpx.HTTPError as error:
                parts.append(Part(name=name, well=False, says=f"{url} does not answer ({type(error).__name__})"))
    return parts


async def _bus(servers: Servers, readers: Sequence[Reader]) -> list[Part]:
    try:
        client = await connect_for_command(servers.nats_url, "warmline status")
    except (nats.errors.Error, OSError, TimeoutError) as error:
        return [Part(name="NATS", well=False, says=f"does not answer ({type(error).__name__})")]
    try:
        streams = [await _stream(client, stream) for stream in (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS)]
        return [*streams, *_reading(await lags(client, readers))]
    except nats.errors.Error as error:
        return [Part(name="JetStream", well=False, says=f"does not answer ({type(error).__name__})")]
    finally:
        await client.close()


async def _stream(client: Client, stream: str) -> Part:
    answer = json.loads((await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=_TIMEOUT_SECONDS)).data)
    if "error" in answer:
        return Part(name=stream, well=False, says=answer["error"]["description"])
    state, bound = answer["state"], answer["config"]["max_bytes"]
    full = state["bytes"] / bound if bound > 0 else 0.0
    says = f"{state['messages']:,} messages, {state['bytes'] / 1e6:,.1f} MB, {full:.1%} of its bound"
    return Part(name=stream, well=full < 0.8, says=says)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Database:
    parts: tuple[Part, ...]
    readers: tuple[Reader, ...] = ()


async def _database(servers: Servers) -> _Database:
    try:
        async with await psycopg.AsyncConnection.connect(
            servers.postgres_url, autocommit=True, connect_timeout=_TIMEOUT_SECONDS
        ) as connection:
            parts = (
                *_ownership(await all_shards(connection)),
                *[await _relay(connection, service) for service in ("triage", "notifier")],
                _dead_letters(await open_letters(connection)),
                await _touches(connection),
            )
            partitions = await partitions_of(connection)
            return _Database(parts=parts, readers=tuple(await all_readers(connection, partitions)))
    except psycopg.Error as error:
        says = f"does not answer ({str(error).strip() or type(error).__name__})"
        return _Database(parts=(Part(name="PostgreSQL", well=False, says=says),))


def _ownership(shards: list[ShardRow]) -> list[Part]:
    parts = []
    for service in dict.fromkeys(row.service for row in shards):
        own = [row for row in shards if row.service == service]
        orphans = [row.shard for row in own if not row.owned]
        halted = [f"{row.shard}: {row.halted}" for row in own if row.halted]
        owners = len({row.owner for row in own if row.owned})
        says = f"{len(own) - len(orphans)} of {len(own)} shards owned by {owners} process{'es' * (owners != 1)}"
        if orphans:
            says += f"; nobody owns {', '.join(orphans)}"
        if halted:
            says += f"; halted {'; '.join(halted)}"
        parts.append(Part(name=service, well=not orphans and not halted, says=says))
    return parts


async def _relay(connection: psycopg.AsyncConnection[Any], service: str) -> Part:
    cursor = await connection.execute(
        SQL("SELECT coalesce(sum(head - relayed), 0) FROM {}").format(Identifier(service, "shards"))
    )
    row = await cursor.fetchone()
    waiting = int(row[0]) if row else 0
    return Part(name=f"{service} relay", well=waiting < _MUCH, says=f"{waiting:,} log entries not yet passed on")


def _reading(found: Sequence[Lag]) -> list[Part]:
    parts = []
    for service in dict.fromkeys(lag.reader.service for lag in found):
        own = [lag for lag in found if lag.reader.service == service]
        behind = sum(lag.behind for lag in own)
        late = [f"{lag.reader.shard} by {lag.behind:,} in {lag.reader.stream}" for lag in own if lag.behind]
        says = f"{len(own)} readers, {'behind: ' + ', '.join(late) if late else 'all at the end of their streams'}"
        parts.append(Part(name=f"{service} reading", well=behind < _MUCH, says=says))
    return parts


def _dead_letters(found: list[OpenLetters]) -> Part:
    return Part(name="dead letters", well=not any(one.count for one in found), says=told(found))


async def _touches(connection: psycopg.AsyncConnection[Any]) -> Part:
    cursor = await connection.execute("SELECT state, count(*) FROM view_queue.touches GROUP BY state ORDER BY state")
    rows = await cursor.fetchall()
    says = ", ".join(f"{count:,} {state}" for state, count in rows) or "none yet"
    return Part(name="touches", well=True, says=says)
