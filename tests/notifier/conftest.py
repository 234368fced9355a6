from __future__ import annotations

from collections.abc import AsyncIterator

import pytest_asyncio
from nats.aio.client import Client

from infra.provision import provision
from shared.topology import GIB
from tests import servers
from tests.notifier.desk import Desk, desk_at


@pytest_asyncio.fixture
async def provisioned_url(client: Client, nats_url: str, postgres_url: str) -> AsyncIterator[str]:
    """A database of the test's own, provisioned for one partition."""
    url = await servers.fresh_database(postgres_url)
    await provision(nats_url, url, 1, stream_bytes=GIB)
    yield url
    await servers.drop_database(postgres_url, url)


@pytest_asyncio.fixture
async def desk(provisioned_url: str) -> AsyncIterator[Desk]:
    async with desk_at(provisioned_url) as made:
        yield made
