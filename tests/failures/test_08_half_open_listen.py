"""A LISTEN connection that died in silence costs a look each second, and never a change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from services.projections.changes import QueueChanges
from services.projections.pool import views_pool
from services.projections.queue.view import QueueView
from services.projections.reading import Reader
from shared.bounded_wait import end
from tests.chaos.link import Link, Trouble
from tests.kernel.kernel_tables import rows
from tests.projections import making
from tests.projections.folding import create_views, fold
from tests.waiting import until_async

LISTENING = "SELECT pid FROM pg_stat_activity WHERE query LIKE 'LISTEN %'"


@asynccontextmanager
async def watching(changes: QueueChanges, url: str) -> AsyncIterator[None]:
    """Run ``changes``, from when they are listened for."""
    task = asyncio.create_task(changes.run())
    try:
        await until_async(lambda: rows(url, LISTENING))
        yield
    finally:
        await end(task)


@pytest.mark.parametrize("trouble", ["half-open", "frozen", "replies lost"])
async def test_a_change_is_seen_all_the_same(postgres_url: str, trouble: Trouble) -> None:
    url = urlsplit(postgres_url)
    link = Link(url.port or 0)
    host, port = await link.listen()
    through = url._replace(netloc=f"{url.username}:{url.password}@{host}:{port}").geturl()
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        schemas = await create_views(connection)
        async with views_pool(postgres_url, schemas) as pool:
            changes = QueueChanges(Reader(pool), through)
            async with watching(changes, postgres_url):
                await seen(connection, changes, making.touches())
                link.begin(trouble)
                facts = making.facts()
                for revision in range(1, 4):
                    await seen(connection, changes, facts, revision)
    await link.close()


async def seen(connection: psycopg.AsyncConnection[Any], changes: QueueChanges, source: Any, revision: int = 0) -> None:
    """Fold one message into the queue, and return once the change was noticed."""
    before = changes.mark
    need = making.need(about="c-m1", since=making.NOON, evidence=["post:m1:1"])
    fact = making.fact(making.touch_facts.TouchClaimed, need.touch, revision, making.NOON, responder="mira")
    await fold(connection, QueueView(), [source.add(fact if revision else need)])
    assert await changes.wait_until(lambda: _is_after(changes, before), seconds=30)


async def _is_after(changes: QueueChanges, before: tuple[int, int]) -> bool:
    return changes.mark != before
