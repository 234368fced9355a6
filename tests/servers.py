"""Real servers for tests, and fresh databases and streams on them."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import nats
import psycopg
from nats.aio.client import Client
from psycopg import sql

from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.ports import claim_internal
from shared.topology import GIB, streams

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
    server = PostgresServer(data, claim.port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        claim.release()


@asynccontextmanager
async def running_nats(data: Path) -> AsyncIterator[NatsServer]:
    claim = claim_internal(None)
    server = NatsServer(data, claim.port, max_file_store="8GB")
    await server.start()
    try:
        yield server
    finally:
        await server.stop()
        claim.release()


async def kill_nats(data: Path, server: NatsServer) -> None:
    """Kill the server as a crash does; ``server.start()`` brings it back on the same port."""
    os.kill(int((data / "nats" / "nats.pid").read_text()), signal.SIGKILL)
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
async def nats_client(url: str) -> AsyncIterator[Client]:
    """A client that reconnects for ever and is quiet about it."""

    async def ignore(_error: Exception) -> None: ...

    client = await nats.connect(url, max_reconnect_attempts=-1, reconnect_time_wait=0.05, error_cb=ignore)
    try:
        yield client
    finally:
        await client.close()


async def fresh_streams(client: Client) -> None:
    """Make Warmline's streams anew and empty."""
    for stream in streams(GIB):
        await client.request(f"$JS.API.STREAM.DELETE.{stream.name}", b"", timeout=5)
        answer = await client.request(
            f"$JS.API.STREAM.CREATE.{stream.name}", json.dumps(stream.config()).encode(), timeout=5
        )
        assert b'"error"' not in answer.data, answer.data


async def reconfigure(client: Client, stream: str, **changes: object) -> None:
    """Change settings of a stream, named as the JetStream API names them."""
    info = json.loads((await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=5)).data)
    request = json.dumps(info["config"] | changes).encode()
    answer = await client.request(f"$JS.API.STREAM.UPDATE.{stream}", request, timeout=5)
    assert b'"error"' not in answer.data, answer.data
