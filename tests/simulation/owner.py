"""A process that owns a partition: the real runner and relay, which can be stopped and killed at any of their calls."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import nats.errors
from eventsourcing.persistence import OperationalError

from shared.clock import Clock
from shared.contracts.commands import CommandReply, TouchCommand
from shared.decider_process import Outlet
from shared.event_store.codec import EventCodec
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Commit, Lease
from shared.leases import TTL_SECONDS
from shared.partition.runner import PartitionRunner
from shared.partition.service import Input, Service
from shared.publisher import Outgoing, PubResult
from shared.relay import Relay
from tests.simulation.fake_bus import FakeBus, FakeConsumer, FakePublisher
from tests.simulation.memory_store import MemoryStore, Tables
from tests.simulation.virtual_loop import VirtualLoop

EXPECTED = (FencedError, OperationalError, nats.errors.Error)
"""What may end a partition's work; it is then taken up again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A service with its one partition."""

    name: str
    codec: EventCodec
    service: Callable[[], Service]
    inputs: tuple[Input, ...]
    outlet: Outlet


class Owner:
    """One process from the moment at which it holds the lease. ``skew`` is how far its clock is off.

    Its calls to the store and to the stream are crossings: it is stopped before or after one, as SIGSTOP does, and
    killed wherever it stands. What PostgreSQL or NATS has begun goes on without it.
    """

    def __init__(
        self, loop: VirtualLoop, bus: FakeBus, tables: Tables, part: Part, *, lease: Lease, time: Clock
    ) -> None:
        self.lease = lease
        self.part = part
        self.skew = timedelta()
        self.stop_in: int | None = None
        self.stopped = False
        self.ended: BaseException | None = None
        self.consumers: list[FakeConsumer] = []
        self.write_faults: deque[str] = deque()
        self._time = time
        self._tables = tables
        self._bus = bus
        self._loop = loop
        self._go = asyncio.Event()
        self._dead = False
        self.store = MemoryStore(tables, part.codec)
        self.store.aside = self._aside  # type: ignore[method-assign]
        self.store.beside = self._beside  # type: ignore[method-assign]
        self.store.write = self._write
        self.publisher = FakePublisher(bus, part.outlet.stream)
        self.publisher.crossing = self._publishing
        relay = Relay(
            None,  # type: ignore[arg-type]
            self,
            self.store,
            lease,
            stream=part.outlet.stream,
            subject=part.outlet.subject,
            public=part.outlet.public,
            published=self._published,
        )
        self.runner = PartitionRunner(
            self, self.store, lease, part.service(), part.inputs, after_commit=relay.wake, now=self._now
        )
        self._task = loop.create_task(self._run(relay))

    # What the runner and the relay reach the world by

    async def reader_of(self, stream: str) -> str:
        return await self._bus.reader_of(stream)

    def consumer(self, stream: str, subjects: Sequence[str], start: int, arrived: asyncio.Event) -> FakeConsumer:
        made = self._bus.consumer(stream, subjects, start, arrived)
        self.consumers.append(made)
        return made

    async def publish(self, messages: Sequence[Outgoing]) -> list[PubResult]:
        return await self.publisher.publish(messages)

    async def _published(self, _client: Any, stream: str, _subject: str, partition: int) -> int:
        await self.crossing()
        return self._bus.published_position(stream, partition)

    def _beside(self, work: Callable[..., Any], *args: Any) -> asyncio.Future[Any]:
        return self._loop.create_task(self._aside(work, *args))

    async def _aside(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        await self.crossing()
        if self._tables.away:
            raise OperationalError("PostgreSQL is away")
        done = work(*args, **kwargs)
        stopped = await self.crossing()
        # A relay that sleeps between looking at its lease and publishing publishes what its successor has published.
        self._bus.slept_publishing |= stopped and work == self.store.confirm
        return done

    def _write(self, lease: Lease, commit: Commit) -> bool:
        fault = self.write_faults.popleft() if self.write_faults else "none"
        if fault == "lost" or self._tables.away:
            raise OperationalError("the commit never arrived")
        applied = self._tables.commit(lease, commit)
        if fault == "unconfirmed":
            raise OperationalError("the reply was lost")
        return applied

    async def crossing(self) -> bool:
        """Pass from one call to the next, unless it is stopped here; tell whether it was."""
        if self.stop_in is not None:
            self.stop_in -= 1
            if self.stop_in <= 0:
                self.stop()
        stopped = self.stopped
        while self.stopped:
            self._go.clear()
            await self._go.wait()
        if self._dead:
            raise asyncio.CancelledError
        return stopped

    async def _publishing(self) -> None:
        self._bus.slept_publishing |= await self.crossing()

    def _now(self) -> datetime:
        return self._time() + self.skew

    async def _run(self, relay: Relay) -> None:
        async with asyncio.TaskGroup() as group:
            relaying = group.create_task(relay.run())
            try:
                await self.runner.run()
            finally:
                relaying.cancel()

    # What can be done to it

    def stop(self) -> None:
        """Stop it as SIGSTOP does."""
        self.stop_in, self.stopped = None, True
        for consumer in self.consumers:
            consumer.held = True

    def resume(self) -> None:
        self.stopped = False
        self._go.set()
        for consumer in self.consumers:
            consumer.held = False
            consumer.notice()

    def kill(self) -> None:
        """End it where it stands, with nothing cleaned up that the world could see."""
        self._dead = True
        self.cancel()

    def cancel(self) -> None:
        """End it as its lease keeper does."""
        self.stopped, self.stop_in = False, None
        self._go.set()
        self._task.cancel()

    def beat(self) -> None:
        """Keep the lease, or let go where it is lost."""
        if self.living and not self.stopped and not self._tables.renew(self.lease, TTL_SECONDS):
            self.cancel()

    @property
    def living(self) -> bool:
        return not self._task.done()

    @property
    def holds(self) -> bool:
        return self.living and self._tables.held(self.lease)

    def check(self) -> None:
        """Raise what ended it, unless that is something that ends a process in order."""
        if self._task.done() and not self._task.cancelled():
            error = self._task.exception()
            self.ended = error
            if error is not None and not _expected(error):
                raise error

    def submit(self, command: TouchCommand) -> asyncio.Task[CommandReply]:
        return self._loop.create_task(self.runner.submit(command))


def _expected(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(_expected(one) for one in error.exceptions)
    return isinstance(error, EXPECTED)
