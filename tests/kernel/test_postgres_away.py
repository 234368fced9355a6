"""PostgreSQL is away for a while: who needs it goes on soon after it is back, and holds up nobody meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import AsyncIterator

import pytest_asyncio
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client

from infra.embedded.postgres import PostgresServer
from shared.contracts.subjects import TOUCHES
from shared.decider_process import DeciderProcess, Outlet, _Owner
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import PartitionStore
from shared.publisher import DurablePublisher
from shared.recent_states import CACHE_BYTES
from tests.kernel.counter import counter_codec
from tests.kernel.kernel_tables import SCHEMA, stores
from tests.servers import data_folder, running_postgres

AWAY_SECONDS = 7.5
"""By then, pauses that double with each attempt are longer than what is allowed after it is back."""
BACK_SECONDS = 5.0


@pytest_asyncio.fixture
async def postgres() -> AsyncIterator[PostgresServer]:
    with data_folder() as data:
        async with running_postgres(data) as server:
            yield server


async def kill(postgres: PostgresServer) -> None:
    assert postgres.pid is not None
    os.kill(postgres.pid, signal.SIGKILL)
    await postgres.wait()


async def test_a_store_answers_soon_after_postgres_is_back(postgres: PostgresServer) -> None:
    with stores(postgres.url) as (store,):
        assert store.head() == 0
        await kill(postgres)
        asking = asyncio.create_task(asyncio.to_thread(_ask_until_answered, store))
        await asyncio.sleep(AWAY_SECONDS)
        assert not asking.done()
        await postgres.start()
        back = time.monotonic()
        assert await asking - back < BACK_SECONDS


def _ask_until_answered(store: PartitionStore) -> float:
    """Ask as the relay does, and return when there was an answer."""
    while True:
        try:
            store.head()
        except PersistenceError:
            time.sleep(0.2)
        else:
            return time.monotonic()


async def test_who_takes_a_partition_over_holds_up_nobody(postgres: PostgresServer, client: Client) -> None:
    process = DeciderProcess(
        schema=SCHEMA,
        codec=counter_codec(),
        service=lambda _partition: None,  # type: ignore[arg-type,return-value]
        inputs=lambda _partition: (),
        outlet=Outlet(stream=TOUCHES, subject="needs-touch.>", public={}),
    )
    with datastore(postgres.url, SCHEMA, connections=2) as database:
        await kill(postgres)
        owner = _Owner(client, DurablePublisher(client, TOUCHES, once=True), database, process, CACHE_BYTES)
        taking = asyncio.create_task(owner.run(Lease(shard="0", owner="me", epoch=1)))
        longest, before = 0.0, time.monotonic()
        while not taking.done():
            await asyncio.sleep(0.05)
            longest, before = max(longest, time.monotonic() - before), time.monotonic()
        with contextlib.suppress(PersistenceError):
            await taking
        assert longest < 3
