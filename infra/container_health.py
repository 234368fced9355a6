"""Whether the service of this container does its work: ``python -m infra.container_health SERVICE``.

Exits with 0 if it does, else with 1 and the reason. It is started every few seconds in each container: what it imports
is what it costs.
"""

from __future__ import annotations

import asyncio
import http.client
import os
import sys

import psycopg

from infra.ports import AUDITOR_PORT
from infra.shards import SERVICES, all_shards
from shared.settings import ServiceSettings, SettingsError

_SECONDS = 4
AUDITOR = "auditor"


async def why_not_healthy(service: str, settings: ServiceSettings) -> str | None:
    """Return None if ``service`` answers on its port, if it has one, and every shard of it is looked after."""
    port = {"ingest": settings.ingest_port, "projections": settings.desk_port, AUDITOR: _auditor_port()}.get(service)
    if port is not None and (why_not := await asyncio.to_thread(_why_not_answering, port)):
        return why_not
    if service == AUDITOR:
        return None  # it looks, whatever it sees
    try:
        async with await psycopg.AsyncConnection.connect(
            settings.postgres_url, autocommit=True, connect_timeout=_SECONDS
        ) as connection:
            shards = [row for row in await all_shards(connection) if row.service == service]
    except psycopg.Error as error:
        return f"PostgreSQL does not answer ({type(error).__name__})"
    not_owned = [row.shard for row in shards if not row.owned]
    halted = [f"{row.shard} ({row.halted})" for row in shards if row.halted]
    if not_owned:
        return f"nobody owns {', '.join(not_owned)}"
    return f"halted: {', '.join(halted)}" if halted else None


def _auditor_port() -> int | None:
    port = os.environ.get(AUDITOR_PORT, "")
    return int(port) if port.isdigit() else None


def _why_not_answering(port: int) -> str | None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_SECONDS)
    try:
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        text = response.read(1000).decode(errors="replace")
    except (OSError, http.client.HTTPException) as error:
        return f"port {port} does not answer ({type(error).__name__})"
    finally:
        connection.close()
    return None if response.status == 200 else f"port {port} answers {response.status}: {text}"


def main() -> None:
    """Ask once."""
    if len(sys.argv) != 2 or sys.argv[1] not in (*SERVICES, AUDITOR):
        sys.exit(f"usage: python -m infra.container_health {'|'.join((*SERVICES, AUDITOR))}")
    try:
        settings = ServiceSettings.from_env()
    except SettingsError as error:
        sys.exit(str(error))
    sys.exit(asyncio.run(why_not_healthy(sys.argv[1], settings)))


if __name__ == "__main__":
    main()
