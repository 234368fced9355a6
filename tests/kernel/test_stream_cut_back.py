"""A server that has lost its last messages and goes on under the same name: a view that had read them notices."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import psycopg
import pytest
import pytest_asyncio
from nats.aio.client import Client

from infra.embedded.nats import NatsServer
from infra.ports import claim_internal
from infra.provision import provision
from infra.reconcile.looking import readers_beyond
from infra.running_servers import Connections
from services.projections.history.view import HistoryView
from shared.contracts.subjects import MEMBER_EVENTS
from shared.event_store.errors import StreamReplacedError
from shared.publisher import DurablePublisher
from shared.topology import GIB, StreamSettings
from shared.view import ViewShard
from shared.view_runner import ViewRunner
from tests import servers
from tests.kernel.counter import outgoing, post
from tests.kernel.kernel_tables import own, rows, running
from tests.waiting import until_async

SHARD = ViewShard(view=HistoryView(), partition=0)
SAYS = "up to 3, stored at .* cut back and has grown again.* warmline reconcile"


@pytest.fixture
def ports() -> Iterator[tuple[int, int]]:
    """The server's, and one at which nobody but the test finds it."""
    claims = claim_internal(None), claim_internal(None)
    yield claims[0].port, claims[1].port
    for claim in claims:
        claim.release()


@asynccontextmanager
async def serving(data: Path, port: int) -> AsyncIterator[Client]:
    server = NatsServer(data, port, max_file_store="8GB")
    await server.start()
    try:
        async with servers.nats_client(server.url) as client:
            yield client
    finally:
        await server.stop()


@pytest_asyncio.fixture
async def url(tmp_path: Path, ports: tuple[int, int], database_url: str) -> AsyncIterator[str]:
    rows(database_url, "DROP SCHEMA IF EXISTS view_history CASCADE")
    async with serving(tmp_path, ports[0]):
        await provision(NatsServer(tmp_path, ports[0]).url, database_url, 1, StreamSettings(max_bytes=GIB))
    yield database_url


async def publish(client: Client, *numbers: int) -> None:
    await DurablePublisher(client, MEMBER_EVENTS).publish([outgoing(post(number)) for number in numbers])


def runner(client: Client, url: str) -> ViewRunner:
    return ViewRunner(client, url, "projections", own(url, SHARD.name, schema="projections"), SHARD)


async def read(url: str, *events: str) -> None:
    await until_async(
        lambda: rows(url, "SELECT event FROM view_history.history ORDER BY seq") == [(one,) for one in events]
    )


async def grow_again(data: Path, kept: Path, port: int) -> None:
    """Put the server's files back as they were, and let others follow on them."""
    shutil.rmtree(data / "nats")
    shutil.copytree(kept, data / "nats")
    async with serving(data, port) as client:
        await publish(client, 13, 14)


async def history(url: str, *events: str) -> None:
    """Wait until the view holds ``events``."""
    await until_async(
        lambda: rows(url, "SELECT event FROM view_history.history ORDER BY seq") == [(one,) for one in events]
    )


async def three_read(data: Path, port: int, url: str) -> Path:
    """Let the view read three messages, and return the server's files as they were after two."""
    async with serving(data, port) as client:
        await publish(client, 1, 2)
    kept: Path = shutil.copytree(data / "nats", data / "kept")
    async with serving(data, port) as client:
        await publish(client, 3)
        for _ in range(2):  # the second finds the same message where the first left off
            async with running(runner(client, url).run()):
                await history(url, "post:1", "post:2", "post:3")
    return kept


async def test_a_view_does_not_go_on_in_a_stream_that_was_cut_back_and_has_grown_again(
    tmp_path: Path, ports: tuple[int, int], url: str
) -> None:
    kept = await three_read(tmp_path, ports[0], url)
    await grow_again(tmp_path, kept, ports[1])
    async with serving(tmp_path, ports[0]) as client:
        with pytest.raises(StreamReplacedError, match=SAYS):
            async with asyncio.timeout(60):
                await runner(client, url).run()
        ((halted,),) = rows(url, "SELECT halted FROM projections.shards WHERE halted IS NOT NULL")
        assert "cut back and has grown again" in halted
        async with await psycopg.AsyncConnection.connect(url, autocommit=True) as postgres:
            connections = Connections(client=client, postgres=postgres, postgres_url=url, partitions=1)
            (told,) = await readers_beyond(connections)
    assert told.startswith("projections history-0: MEMBER_EVENTS@")
    await history(url, "post:1", "post:2", "post:3")


async def test_a_view_at_work_notices_when_the_server_comes_back(
    tmp_path: Path, ports: tuple[int, int], url: str
) -> None:
    kept = await three_read(tmp_path, ports[0], url)
    async with AsyncExitStack() as stack:
        async with serving(tmp_path, ports[0]) as client:
            late = await stack.enter_async_context(servers.nats_client(NatsServer(tmp_path, ports[0]).url))
            task = asyncio.create_task(runner(late, url).run())
            await publish(client, 4)
            await history(url, "post:1", "post:2", "post:3", "post:4")
        await grow_again(tmp_path, kept, ports[1])
        async with serving(tmp_path, ports[0]), asyncio.timeout(60):
            with pytest.raises(StreamReplacedError, match=SAYS.replace("3", "4", 1)):
                await task
    await history(url, "post:1", "post:2", "post:3", "post:4")
