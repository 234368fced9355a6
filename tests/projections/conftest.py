"""Real servers for the projections: one PostgreSQL and one NATS for all tests, one schema for each."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest_asyncio

from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from infra.embedded.postgres_place import postgres_place
from infra.ports import claim_internal
from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from tests.projections.folding import create_views, fold
from tests.projections.serving import Desk, Owner, desk_over
from tests.projections.world import World, world


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def data() -> AsyncIterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="warmline-projections-"))
    yield folder
    place = postgres_place(folder)
    if place.account is not None:
        shutil.rmtree(place.directory.parent, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_url(data: Path) -> AsyncIterator[str]:
    claim = claim_internal(None)
    server = PostgresServer(data, claim.port)
    claim.release()
    await server.start()
    yield server.url
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def nats_url(data: Path) -> AsyncIterator[str]:
    claim = claim_internal(None)
    server = NatsServer(data, claim.port, max_file_store="1GB")
    claim.release()
    await server.start()
    yield server.url
    await server.stop()


@pytest_asyncio.fixture
async def connection(postgres_url: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        yield connection


@pytest_asyncio.fixture
async def schemas(connection: psycopg.AsyncConnection[Any]) -> list[str]:
    return await create_views(connection)


@pytest_asyncio.fixture
async def desk(
    postgres_url: str, nats_url: str, schemas: list[str], connection: psycopg.AsyncConnection[Any]
) -> AsyncIterator[Desk]:
    async with desk_over(postgres_url, nats_url, schemas, connection) as desk:
        yield desk


@pytest_asyncio.fixture
async def told(desk: Desk) -> World:
    """The world as the desk's views hold it."""
    made = world(datetime.now(UTC).replace(microsecond=0))
    await fold(desk.connection, HistoryView(), made.members)
    await fold(desk.connection, QueueView(), made.needs, made.facts)
    return made


@pytest_asyncio.fixture
async def owner(desk: Desk) -> Owner:
    await desk.nats.subscribe("command.touch.>", cb=desk.owner.answer)
    await desk.nats.flush()
    return desk.owner
