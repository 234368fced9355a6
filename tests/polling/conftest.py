from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio

from tests import servers
from tests.failures.lone_ingest import LoneIngest, lone_ingest


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ingest(nats_url: str, database_url: str) -> AsyncIterator[LoneIngest]:
    """Ingest as a process of its own, which polls every second."""
    async with servers.nats_client(nats_url) as client:
        await servers.fresh_streams(client)
        async with lone_ingest(client, nats_url, database_url, poll_seconds="1") as running:
            yield running
