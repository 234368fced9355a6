"""A process that owns partitions of an event-sourced service: what triage and notifier have in common."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from eventsourcing.postgres import PostgresDatastore
from nats.aio.client import Client

from shared.bounded_wait import until_one_ends
from shared.event_store.codec import EventCodec, UnknownStoredTypeError
from shared.event_store.errors import SkewError
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import PartitionStore
from shared.garbage import collect_seldom
from shared.leases import LeaseKeeper
from shared.nats_connection import nats_connection
from shared.partition.inlet import NatsInlet
from shared.partition.runner import PartitionRunner
from shared.partition.service import Input, Service
from shared.publisher import DurablePublisher
from shared.recent_states import CACHE_BYTES
from shared.relay import Publish, Relay
from shared.settings import ServiceSettings
from shared.skew import refuse_skewed_inputs, refuse_skewed_outlet
from shared.stream_check import wait_for_streams
from shared.stream_identity import reader_of

log = structlog.get_logger()

Beside = Callable[[PartitionStore, PartitionRunner, Lease], AbstractAsyncContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlet:
    """The stream to which a service's public events are relayed."""

    stream: str
    subject: str
    public: Mapping[type[Any], Publish]


@dataclass(frozen=True, slots=True, kw_only=True)
class DeciderProcess:
    """A service's parts. ``beside`` runs beside each owned partition: whatever else its owner does."""

    schema: str
    codec: EventCodec
    service: Callable[[int], Service]
    inputs: Callable[[int], tuple[Input, ...]]
    outlet: Outlet
    beside: Beside | None = None


@asynccontextmanager
async def _nothing_beside(_store: PartitionStore, _runner: PartitionRunner, _lease: Lease) -> AsyncIterator[None]:
    yield


class _Owner:
    """Runs one partition and its relay for as long as the lease is held."""

    def __init__(
        self,
        client: Client,
        publisher: DurablePublisher,
        database: PostgresDatastore,
        process: DeciderProcess,
        cache_bytes: int,
    ) -> None:
        self._client = client
        self._publisher = publisher
        self._database = database
        self._process = process
        self._cache_bytes = cache_bytes

    async def run(self, lease: Lease) -> None:
        partition = int(lease.shard)
        process = self._process
        # It asks the database as it is made.
        store = await asyncio.to_thread(PartitionStore, self._database, partition, process.codec)
        await self._refuse_skew(store, lease)
        relay = Relay(
            self._client,
            self._publisher,
            store,
            lease,
            stream=process.outlet.stream,
            subject=process.outlet.subject,
            public=process.outlet.public,
            identity=partial(reader_of, self._client, process.outlet.stream),
        )
        runner = PartitionRunner(
            NatsInlet(self._client),
            store,
            lease,
            process.service(partition),
            process.inputs(partition),
            after_commit=relay.wake,
            cache_bytes=self._cache_bytes,
        )
        beside = process.beside or _nothing_beside
        try:
            async with beside(store, runner, lease):
                await until_one_ends(asyncio.create_task(relay.run()), asyncio.create_task(runner.run()))
        except UnknownStoredTypeError as halt:
            # Noted once the runner has ended: it takes such a note back when it opens. The lease is kept, lest the next
            # old process run into the same.
            log.critical("relay.halted", shard=lease.shard, detail=str(halt))
            await store.aside(store.note_halted, lease, str(halt))
            await asyncio.Event().wait()

    async def _refuse_skew(self, store: PartitionStore, lease: Lease) -> None:
        """Raise SkewError, noted where whoever looks at the shard sees it, before anything is folded or published."""
        outlet = self._process.outlet
        try:
            await refuse_skewed_inputs(self._client, store, lease, self._process.inputs(store.partition))
            await refuse_skewed_outlet(self._client, store, lease, stream=outlet.stream, subject=outlet.subject)
        except SkewError as skew:
            await store.aside(store.note_halted, lease, str(skew))
            raise


async def run(settings: ServiceSettings, process: DeciderProcess) -> None:
    """Own partitions until SIGTERM or SIGINT, then give them back."""
    collect_seldom()
    async with nats_connection(settings.nats_url, settings.instance) as client:
        publisher = DurablePublisher(client, process.outlet.stream, once=True)
        await wait_for_streams(
            client, {process.outlet.stream, *(spec.stream for spec in process.inputs(0))}, settings.streams
        )
        with datastore(settings.postgres_url, process.schema, connections=_connections(settings)) as database:
            owner = _Owner(client, publisher, database, process, CACHE_BYTES // settings.partitions)
            keeper = LeaseKeeper(
                settings.postgres_url,
                process.schema,
                tuple(str(partition) for partition in range(settings.partitions)),
                owner_name(settings.instance),
                owner.run,
            )
            await until_stopped(keeper.run())


def _connections(settings: ServiceSettings) -> int:
    """Return how many can be of use: only threads of asyncio's default executor ask, and each asks over one at a time.

    They take turns, and each keeps the room in memory that its largest statement took.
    """
    threads = min(32, (os.cpu_count() or 1) + 4)  # as ThreadPoolExecutor has it
    return min(2 * settings.partitions + 2, threads)


def owner_name(instance: str) -> str:
    """Return a name for this process as an owner, different from that of any process before it."""
    return f"{instance}:{os.getpid()}:{secrets.token_hex(4)}"


async def until_stopped(work: Any) -> None:
    """Run ``work`` until it ends or the process is asked to stop (SIGTERM, SIGINT)."""
    loop = asyncio.get_running_loop()
    task = asyncio.ensure_future(work)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    log.info("service.stopped")
