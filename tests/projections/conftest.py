"""Empty views for each test, and the desk over them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest_asyncio

from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from tests.projections.folding import create_views, fold
from tests.projections.serving import Clerk, Desk, Owner, desk_over
from tests.projections.world import World, world


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


@pytest_asyncio.fixture
async def clerk(desk: Desk) -> Clerk:
    clerk = Clerk(desk.connection)
    await desk.nats.subscribe("command.member.>", cb=clerk.answer)
    await desk.nats.flush()
    return clerk
