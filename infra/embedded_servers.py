"""The embedded servers of one DATA without its services, for commands that work on data at rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from infra.embedded.nats import nats_servers, nodes_of
from infra.embedded.postgres import PostgresServer
from infra.nats_readiness import wait_for_jetstream
from infra.ports import claim_internal
from infra.run_file import read_run, sole_use
from infra.running_servers import Servers
from shared.topology import GIB

_LEAST_STORE: Final = 16 * GIB


@asynccontextmanager
async def embedded_servers(
    data: Path, *, nats_nodes: int | None = None, store_bytes: int = 0
) -> AsyncIterator[Servers]:
    """Hold ``data`` for sole use, start its servers, and stop them at the end.

    ``nats_nodes`` is for a DATA without streams; ``store_bytes`` is what each NATS server must be allowed to store.
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
