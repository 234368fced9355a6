"""How a running system is: health by real round trips, owners, lag, counts, and the auditor's alarms."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any

import httpx
import msgspec
import nats.errors
import psycopg
from nats.aio.client import Client

from infra.looking.database import DatabaseLook, look_at_database
from infra.looking.faces import Faces, look_at_faces
from infra.looking.look import Away, BusLook, Look, look_at_streams, parts_of, with_lags
from infra.looking.streams import TIMEOUT_SECONDS
from infra.nats_for_commands import connect_for_command
from infra.readers import Ends
from infra.running_servers import Servers
from shared.contracts.audit import AuditReport, PartSaid
from shared.contracts.subjects import AUDIT_REPORT


@dataclass(frozen=True, slots=True, kw_only=True)
class SystemStatus:
    """What the parts said."""

    parts: tuple[PartSaid, ...]

    @property
    def well(self) -> bool:
        """Whether every part is."""
        return all(part.well for part in self.parts)


async def system_status(servers: Servers, faces: Faces) -> SystemStatus:
    """Ask every part of the system; a part that does not answer says so, and nothing is raised."""
    async with httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False) as http:
        seen, (database, touches) = await asyncio.gather(look_at_faces(http, faces), _database(servers))
    bus, auditor = await _bus(servers, database)
    parts = parts_of(Look(faces=seen, bus=bus, database=database))
    return SystemStatus(parts=(*parts, *touches, *auditor))


async def _database(servers: Servers) -> tuple[DatabaseLook | Away, list[PartSaid]]:
    try:
        async with await psycopg.AsyncConnection.connect(
            servers.postgres_url, autocommit=True, connect_timeout=int(TIMEOUT_SECONDS)
        ) as connection:
            return await look_at_database(connection), [await _touches(connection)]
    except psycopg.Error as error:
        says = f"does not answer ({str(error).strip() or type(error).__name__})"
        return Away(name="PostgreSQL", why=says), []


async def _touches(connection: psycopg.AsyncConnection[Any]) -> PartSaid:
    cursor = await connection.execute("SELECT state, count(*) FROM view_queue.touches GROUP BY state ORDER BY state")
    says = ", ".join(f"{count:,} {state}" for state, count in await cursor.fetchall()) or "none yet"
    return PartSaid(name="touches", well=True, says=says)


async def _bus(servers: Servers, database: DatabaseLook | Away) -> tuple[BusLook | Away, list[PartSaid]]:
    readers = () if isinstance(database, Away) else database.readers
    try:
        client = await connect_for_command(servers.nats_url, "warmline status")
    except (nats.errors.Error, OSError, TimeoutError) as error:
        return Away(name="NATS", why=f"does not answer ({type(error).__name__})"), []
    try:
        streams = await look_at_streams(client)
        return await with_lags(client, streams, readers, Ends()), await _auditor(client)
    except nats.errors.Error as error:
        return Away(name="JetStream", why=f"does not answer ({type(error).__name__})"), []
    finally:
        await client.close()


async def _auditor(client: Client) -> list[PartSaid]:
    try:
        answer = await client.request(AUDIT_REPORT, b"", timeout=TIMEOUT_SECONDS)
        report = msgspec.json.decode(answer.data, type=AuditReport)
    except (nats.errors.Error, msgspec.DecodeError) as error:
        return [PartSaid(name="auditor", well=False, says=f"does not answer ({type(error).__name__})")]
    alarms = [
        PartSaid(name="alarm", well=False, says=f"{alarm.name} since {alarm.since:%d %b %H:%M:%S} UTC: {alarm.wrong}")
        for alarm in report.alarms
    ]
    return alarms or [PartSaid(name="auditor", well=True, says="no alarm stands")]
