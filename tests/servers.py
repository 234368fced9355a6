"""Real servers for tests, and fresh databases and streams on them."""

from __future__ import annotations

import asyncio
import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import nats
import psycopg
from nats.aio.client import Client
from psycopg import sql

from infra.embedded.nats import ALWAYS, NatsServer, nats_servers
from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.nats_readiness import wait_for_jetstream
from infra.ports import claim_internal
from infra.stream_provisioning import provision_streams
from shared.nats_address import NatsAddress
from shared.nats_client import QuickClient
from shared.topology import GIB, StreamSettings, streams
from tests.made_clusters import give_cluster

_numbers = itertools.count(1)


@contextmanager
def data_folder() -> Iterator[Path]:
    """A DATA folder that leaves nothing behind."""
    folder = Path(tempfile.mkdtemp(prefix="warmline-test-"))
    try:
        yield folder
    finally:
        place = postgres_place(folder)
        if place.account is not None:
            shutil.rmtree(place.directory.parent, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


@asynccontextmanager
async def running_postgres(data: Path) -> AsyncIterator[PostgresServer]:
    claim = claim_internal(None)
    await asyncio.to_thread(give_cluster, data)
    server = PostgresServer(data, claim.port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        claim.release()


@asynccontextmanager
async def running_nats(data: Path, sync: str = ALWAYS) -> AsyncIterator[NatsServer]:
    claim = claim_internal(None)
    server = NatsServer(data, claim.port, max_file_store="8GB", sync=sync)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        claim.release()


@dataclass(frozen=True, slots=True, kw_only=True)
class NatsCluster:
    """Three servers that hold every stream together."""

    nodes: list[NatsServer]

    @property
    def url(self) -> str:
        return ",".join(node.url for node in self.nodes)

    async def kill(self, *numbers: int) -> None:
        """Kill nodes (from 0) as a crash does; ``revive`` brings them back on the same ports."""
        for number in numbers:
            await kill_nats(self.nodes[number])

    async def revive(self, *numbers: int) -> None:
        await asyncio.gather(*(self.nodes[number].start() for number in numbers))


T = TypeVar("T")


async def once_answered(ask: Callable[[], Awaitable[T]], seconds: float = 60) -> T:
    """Return what ``ask`` does once it is answered: while a cluster has no leader, nothing is."""
    async with asyncio.timeout(seconds):
        while True:
            try:
                return await ask()
            except nats.errors.Error:
                await asyncio.sleep(0.05)


async def leader_of(client: Client, stream: str) -> int:
    """Return the node, from 0, that leads the stream."""

    async def ask() -> int:
        info = await client.jetstream(timeout=2).stream_info(stream)
        if info.cluster is None or not info.cluster.leader:
            raise nats.errors.Error("nobody leads")
        return int(info.cluster.leader[-1]) - 1

    return await once_answered(ask)


@asynccontextmanager
async def running_nats_cluster(data: Path, sync: str = ALWAYS) -> AsyncIterator[NatsCluster]:
    claims = [claim_internal(None) for _ in range(6)]
    ports = [claim.port for claim in claims]
    cluster = NatsCluster(nodes=nats_servers(data, ports[:3], ports[3:], max_file_store="8GB", sync=sync))
    try:
        await cluster.revive(0, 1, 2)
        await wait_for_jetstream(cluster.url)
        yield cluster
    finally:
        await asyncio.gather(*(node.stop() for node in cluster.nodes))
        for claim in claims:
            claim.release()


async def kill_nats(server: NatsServer) -> None:
    """Kill the server as a crash does; ``server.start()`` brings it back on the same port."""
    os.kill(int(server.pid_file.read_text()), signal.SIGKILL)
    await server.wait()


async def fresh_database(postgres_url: str) -> str:
    """Make an empty database and return its URL."""
    name = f"test_{os.getpid()}_{next(_numbers)}"
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(sql.SQL("CREATE DATABASE {} STRATEGY wal_log").format(sql.Identifier(name)))
    return f"{postgres_url.rsplit('/', 1)[0]}/{name}"


async def drop_database(postgres_url: str, url: str) -> None:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        name = sql.Identifier(url.rsplit("/", 1)[1])
        await connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(name))


@asynccontextmanager
async def nats_client(url: str) -> AsyncIterator[QuickClient]:
    """A client that reconnects for ever and is quiet about it."""

    async def ignore(_error: Exception) -> None: ...

    address = NatsAddress.of(url)
    client = QuickClient()
    await client.connect(
        address.servers,
        inbox_prefix=address.inbox_prefix,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.05,
        error_cb=ignore,
    )
    try:
        yield client
    finally:
        await client.close()


async def fresh_streams(client: Client, replicas: int = 1) -> None:
    """Make Warmline's streams anew and empty."""
    settings = StreamSettings(max_bytes=GIB, replicas=replicas)
    for stream in streams(settings):
        await client.request(f"$JS.API.STREAM.DELETE.{stream.name}", b"", timeout=20)
    await provision_streams(client, settings, apply=False, report=print)


async def reconfigure(client: Client, stream: str, **changes: object) -> None:
    """Change settings of a stream, named as the JetStream API names them."""
    info = json.loads((await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=30)).data)
    request = json.dumps(info["config"] | changes).encode()
    answer = await client.request(f"$JS.API.STREAM.UPDATE.{stream}", request, timeout=30)
    assert b'"error"' not in answer.data, answer.data
