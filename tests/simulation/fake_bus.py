"""JetStream in memory: streams with places and times, de-duplication for a window, and readers that lag."""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import nats.errors

from shared.clock import Clock
from shared.delivery import Message
from shared.event_store.errors import StreamReplacedError
from shared.event_store.reader_names import reader_name
from shared.publisher import Outgoing, PublishUnavailableError, PubResult

SETTLED = timedelta(seconds=2)
"""As BatchConsumer's: a message gets its time before it can be seen."""


@dataclass(slots=True)
class Stream:
    name: str
    created: str = "2026"
    messages: list[Message] = field(default_factory=list)
    seen: dict[str, tuple[int, datetime]] = field(default_factory=dict)


class FakeBus:
    """One server. ``away`` while it cannot be reached; ``window`` is for how long it absorbs a repeated id."""

    def __init__(self, now: Clock, *names: str, window: timedelta = timedelta(minutes=10)) -> None:
        self.now = now
        self.window = window
        self.away = False
        self.slept_publishing = False
        """Whether a process was stopped in the middle of a publication: it may repeat that after the window."""
        self.streams = {name: Stream(name) for name in names}
        self.consumers: list[FakeConsumer] = []

    def publish(self, stream: str, message: Outgoing) -> PubResult:
        """Store ``message``; raises PublishUnavailableError while the server is away."""
        if self.away:
            raise PublishUnavailableError("the server is away")
        held, now = self.streams[stream], self.now()
        known = held.seen.get(message.msg_id)
        if known is not None and abs(now - known[1]) <= self.window:
            return PubResult(seq=known[0], duplicate=True)
        seq = len(held.messages) + 1
        held.seen[message.msg_id] = (seq, now)
        stored = Message(
            stream=stream,
            seq=seq,
            stored=now,
            subject=message.subject,
            headers=dict(message.headers),
            body=message.body,
        )
        held.messages.append(stored)
        for consumer in self.consumers:
            if consumer.stream == stream:
                consumer.notice()
        return PubResult(seq=seq, duplicate=False)

    def remake(self, stream: str, created: str) -> None:
        """Delete a stream and make it anew, empty."""
        self.streams[stream] = Stream(stream, created)

    def come_back(self) -> None:
        """End an outage."""
        self.away = False
        for consumer in self.consumers:
            consumer.notice()

    async def reader_of(self, stream: str) -> str:
        self.answer()
        return reader_name(stream, self.streams[stream].created)

    def consumer(self, stream: str, subjects: Sequence[str], start: int, arrived: asyncio.Event) -> FakeConsumer:
        return FakeConsumer(self, stream, subjects, start, arrived)

    def published_position(self, stream: str, partition: int) -> int:
        """Return what ``shared.relay.published_position`` finds."""
        self.answer()
        own = (message.headers or {} for message in reversed(self.streams[stream].messages))
        return next((int(one["ce-position"]) for one in own if one.get("ce-partition") == str(partition)), 0)

    def answer(self) -> None:
        if self.away:
            raise nats.errors.NoRespondersError


class FakeConsumer:
    """Delivers in order, each message once, when it gets to it; ``held`` while deliveries are delayed.

    ``portion`` bounds what one ``take`` returns, so that batches are cut anywhere.
    """

    held = False
    portion = 500

    def __init__(self, bus: FakeBus, stream: str, subjects: Sequence[str], start: int, arrived: asyncio.Event) -> None:
        self.stream = stream
        self.received = start
        self._bus = bus
        self._created = bus.streams[stream].created
        self._wanted = re.compile("|".join(_pattern(subject) for subject in subjects))
        self._arrived = arrived
        self._waiting: deque[Message] = deque()
        self._taken = start

    async def open(self) -> None:
        self._bus.answer()
        if self.received > len(self._bus.streams[self.stream].messages):
            raise StreamReplacedError(self.stream)
        self._bus.consumers.append(self)
        self.notice()

    async def close(self) -> None:
        if self in self._bus.consumers:
            self._bus.consumers.remove(self)

    def reopen(self) -> None:
        """Lose what is on its way: it is delivered again after the last message that was taken."""
        self._waiting.clear()
        self.received = self._taken
        self.notice()

    def notice(self) -> None:
        """Receive what the stream holds, unless that is delayed."""
        if self.held or self._bus.away or self._bus.streams[self.stream].created != self._created:
            return
        for message in self._pending():
            if self._wanted.fullmatch(message.subject):
                self._waiting.append(message)
            self.received = message.seq
        if self._waiting:
            self._arrived.set()

    def take(self, most: int) -> list[Message]:
        if self._bus.streams[self.stream].created != self._created:
            raise StreamReplacedError(self.stream)
        taken = [self._waiting.popleft() for _ in range(min(most, self.portion, len(self._waiting)))]
        if taken:
            self._taken = taken[-1].seq
        if self._waiting:
            self._arrived.set()
        return taken

    async def idle_since(self) -> datetime | None:
        if self._waiting or self._bus.away or any(self._wanted.fullmatch(one.subject) for one in self._pending()):
            return None
        return self._bus.now() - SETTLED

    def _pending(self) -> Iterator[Message]:
        yield from self._bus.streams[self.stream].messages[self.received :]


def _pattern(subject: str) -> str:
    return re.escape(subject).replace(r"\*", "[^.]+").replace(">", ".+")


class FakePublisher:
    """Publishes in order. ``faults`` says what becomes of each next message: stored, lost, or stored unconfirmed."""

    def __init__(self, bus: FakeBus, stream: str) -> None:
        self._bus = bus
        self._stream = stream
        self.faults: deque[str] = deque()
        self.crossing: Any = None

    async def publish(self, messages: Sequence[Outgoing]) -> list[PubResult]:
        results = []
        for message in messages:
            if self.crossing is not None:
                await self.crossing()
            fault = self.faults.popleft() if self.faults else "none"
            if fault == "lost":
                raise PublishUnavailableError("it never arrived")
            results.append(self._bus.publish(self._stream, message))
            if fault == "unconfirmed":
                raise PublishUnavailableError("the acknowledgement was lost")
        return results


def again(message: Message, msg_id: str) -> Outgoing:
    """Return a stored message as it was published."""
    return Outgoing(subject=message.subject, headers=dict(message.headers or {}), body=message.body, msg_id=msg_id)
