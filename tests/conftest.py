"""Real servers for all tests: one PostgreSQL and one NATS, with a fresh database and fresh streams for whoever asks."""

from __future__ import annotations

import asyncio
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
import structlog
from hypothesis import HealthCheck, settings
from nats.aio.client import Client

from tests import servers
from tests.containers import ContainerServers, container_servers
from tests.made_clusters import cluster_of_this_run, give_cluster

pytest_plugins = ("tests.failed_files", "tests.machine_needs")

LONGEST = (
    "failures",
    "verify",
    "backup",
    "audit",
    "chaos",
    "end_to_end",
    "fuzzing",
    "simulation",
    "projections",
    "kernel",
)
"""Folders whose tests wait longest. They begin first, so that no worker is left with one when the others are done."""

# How long an example takes says nothing where several workers share a core. What changes from run to run would stop
# another's work, as in tests/fuzzing: PYTEST="--hypothesis-profile anew" looks farther.
settings.register_profile("anew", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("each time the same", settings.get_profile("anew"), derandomize=True)
settings.load_profile("each time the same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--servers",
        choices=("embedded", "containers"),
        default="embedded",
        help="what the NATS and the PostgreSQL that all tests share are: embedded, or containers of docker-compose.yml",
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put what waits longest first; within a folder the order stays."""
    here = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0]
        return LONGEST.index(folder) if folder in LONGEST else len(LONGEST)

    items.sort(key=rank)


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        stack = ExitStack()
        stack.enter_context(cluster_of_this_run())
        config.add_cleanup(stack.close)


TOKEN = "test-administrator-token"


@pytest.fixture(autouse=True)
def _logs_as_they_were() -> Iterator[None]:
    """A command that a test runs in this process sends logs where that test listens, and nobody does afterwards."""
    yield
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def servers_data() -> Iterator[Path]:
    with servers.data_folder() as folder:
        yield folder


@pytest.fixture(scope="session")
def in_containers(
    pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ContainerServers | None]:
    """The servers that all tests share, where they are containers."""
    if pytestconfig.getoption("servers") == "containers":
        with container_servers(tmp_path_factory.mktemp("containers")) as started:
            yield started
    else:
        yield None


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_url(servers_data: Path, in_containers: ContainerServers | None) -> AsyncIterator[str]:
    if in_containers:
        yield in_containers.postgres_url
        return
    async with servers.running_postgres(servers_data) as server:
        yield server.url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_url(servers_data: Path, in_containers: ContainerServers | None) -> AsyncIterator[str]:
    if in_containers:
        yield in_containers.nats_url
        return
    async with servers.running_nats(servers_data) as server:
        yield server.url


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def database_url(postgres_url: str) -> AsyncIterator[str]:
    """A database of the test module's own."""
    url = await servers.fresh_database(postgres_url)
    yield url
    await servers.drop_database(postgres_url, url)


@pytest_asyncio.fixture
async def client(nats_url: str) -> AsyncIterator[Client]:
    """A connection to NATS, with Warmline's streams there and empty."""
    async with servers.nats_client(nats_url) as connected:
        await servers.fresh_streams(connected)
        yield connected


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestSystem:
    """Addresses of a running ingest and of the NATS server behind it."""

    ingest_url: str
    nats_url: str
    token: str = TOKEN


@pytest.fixture(scope="session")
def ingest_system() -> Iterator[IngestSystem]:
    from infra.embedded.nats import NatsServer
    from infra.embedded.postgres import PostgresServer
    from infra.embedded.postgres_place import postgres_place
    from infra.ports import claim_internal
    from infra.provision import provision
    from infra.service_process import Service, ServiceProcess

    data = Path(tempfile.mkdtemp(prefix="warmline-test-"))
    give_cluster(data)
    claims = [claim_internal(None) for _ in range(3)]
    nats, postgres = NatsServer(data, claims[0].port), PostgresServer(data, claims[1].port)
    port = claims[2].port
    system = IngestSystem(ingest_url=f"http://127.0.0.1:{port}", nats_url=nats.url)
    ingest = ServiceProcess(
        Service(name="ingest", argv=(sys.executable, "-P", "-m", "services.ingest.main")),
        0,
        env={
            "WARMLINE_NATS_URL": nats.url,
            "WARMLINE_POSTGRES_URL": postgres.url,
            "WARMLINE_PARTITIONS": "4",
            "WARMLINE_TOKEN": TOKEN,
            "WARMLINE_INGEST_PORT": str(port),
        },
        data=data,
    )

    async def start() -> None:
        await asyncio.gather(nats.start(), postgres.start())
        await provision(nats.url, postgres.url, 4)
        await ingest.start()
        async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(60):
            while not await _healthy(client, system.ingest_url):  # noqa: ASYNC110 - the other end is a process
                await asyncio.sleep(0.05)

    async def stop() -> None:
        await ingest.stop()
        await asyncio.gather(nats.stop(), postgres.stop())

    with asyncio.Runner() as runner:
        try:
            runner.run(start())
            yield system
        finally:
            runner.run(stop())
            for claim in claims:
                claim.release()
            place = postgres_place(data)
            if place.account is not None:
                shutil.rmtree(place.directory.parent, ignore_errors=True)
            shutil.rmtree(data, ignore_errors=True)


async def _healthy(client: httpx.AsyncClient, url: str) -> bool:
    try:
        return (await client.get(f"{url}/healthz")).status_code == 200
    except httpx.HTTPError:
        return False
