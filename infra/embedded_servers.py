"""The embedded servers of one DATA without its services, for commands that work on data at rest."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import AsyncIterator, Sequence
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from infra.durable_folder import make_durable
from infra.embedded.nats import ALWAYS, SELDOM, NatsServer, nats_servers, nodes_of
from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.nats_readiness import wait_for_jetstream
from infra.operator_error import OperatorError
from infra.ports import claim_internal
from infra.run_file import read_run, sole_use
from infra.running_servers import Servers
from shared.topology import GIB

_LEAST_STORE: Final = 16 * GIB


@asynccontextmanager
async def embedded_servers(
    data: Path, *, nats_nodes: int | None = None, store_bytes: int = 0, restoring: bool = False
) -> AsyncIterator[Servers]:
    """Hold ``data`` for sole use, start its servers, and stop them at the end.

    ``nats_nodes`` is for a DATA without streams; ``store_bytes`` is what each NATS server must be allowed to store.
    While ``restoring``, NATS does not sync every message: it would take too long over a piece of a backup, and break
    off. All of it is synced once, at the end, unless that was an error.
    Raises OperatorError when Warmline runs on it or a server does not start.
    """
    folder = Path.cwd() / data
    with sole_use(folder), ExitStack() as claims:
        earlier = read_run(folder)
        nodes = nodes_of(folder) or nats_nodes or 1
        remembered = [*(earlier.nats_ports if earlier else ()), *[None] * nodes][:nodes]
        ports = [claim_internal(port) for port in remembered]
        routes = [claim_internal(None) for _ in ports]
        database = claim_internal(earlier.postgres_port if earlier else None)
        for claim in (*ports, *routes, database):
            claims.callback(claim.release)
        postgres = PostgresServer(folder, database.port)
        servers = nats_servers(
            folder,
            [claim.port for claim in ports],
            [claim.port for claim in routes],
            max_file_store=str(max(_LEAST_STORE, store_bytes)),
            sync=SELDOM if restoring else ALWAYS,
        )
        try:
            await postgres.start()
            for server in servers:
                await server.start()
            nats_url = ",".join(server.url for server in servers)
            await wait_for_jetstream(nats_url)
            yield Servers(nats_url=nats_url, postgres_url=postgres.url)
        finally:
            for server in reversed(servers):
                await server.stop()
            await postgres.stop()
        if restoring:
            await _make_durable(folder, servers)


async def _make_durable(data: Path, servers: Sequence[NatsServer]) -> None:
    for server in servers:
        if await server.wait() != 0:
            raise OperatorError(
                f"{server.name} had to be killed before it had written everything. {what_to_delete(data)}",
                log=server.log,
            )
    await asyncio.to_thread(make_durable, data / "nats")


def what_to_delete(data: Path) -> str:
    """Say how an operator gets rid of a DATA into which nothing was restored to the end."""
    place = postgres_place(data)
    folders = [data.resolve(), *([place.directory.parent] if place.account else ())]
    return f"What was restored is incomplete. Before you try again, delete it: rm -r {shlex.join(map(str, folders))}"
