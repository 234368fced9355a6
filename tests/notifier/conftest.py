from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import psycopg
import pytest
import pytest_asyncio
from psycopg import sql

from infra.provision import provision
from services.notifier.smtp_settings import SmtpSettings
from shared.topology import GIB, StreamSettings
from tests import servers
from tests.notifier.desk import Desk, desk_at
from tests.notifier.mailbox import Mailbox, MailServer, settings


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def template(nats_url: str, postgres_url: str) -> AsyncIterator[str]:
    """The name of a database provisioned for one partition, to be copied."""
    url = await servers.fresh_database(postgres_url)
    async with servers.nats_client(nats_url) as client:
        await servers.fresh_streams(client)
    await provision(nats_url, url, 1, StreamSettings(max_bytes=GIB))
    yield url.rsplit("/", 1)[1]
    await servers.drop_database(postgres_url, url)


@pytest_asyncio.fixture
async def provisioned_url(template: str, postgres_url: str) -> AsyncIterator[str]:
    """A database of the test's own, provisioned for one partition."""
    name = f"{template}_copy"
    copy = sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(copy)
    url = f"{postgres_url.rsplit('/', 1)[0]}/{name}"
    yield url
    await servers.drop_database(postgres_url, url)


@pytest_asyncio.fixture
async def desk(provisioned_url: str) -> AsyncIterator[Desk]:
    async with desk_at(provisioned_url) as made:
        yield made


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def smtp(mailbox: Mailbox) -> Iterator[SmtpSettings]:
    with closing(MailServer(mailbox)) as server:
        server.start()
        yield settings(server.port)
