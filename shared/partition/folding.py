"""Folding: from messages and the passing of time to one transaction. It knows PostgreSQL, but not NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, TypeVar

import msgspec
import structlog

from shared.contracts.cloudevents import UnknownTypeError
from shared.deadline_book import WINDOW
from shared.delivery import Delivered, Message, decode
from shared.event_store.recorder import Commit, DeadLetter, DeadlineRow, Lease, Moved
from shared.event_store.store import Opened, PartitionStore
from shared.partition.service import Service
from shared.workspace import LineMissing, StateMissing, Workspace

BATCH: Final = 500
TRIES: Final = 3
LINE_LENGTH: Final = 500
"""How many of a waiting line a handler sees at once."""

T = TypeVar("T")

log = structlog.get_logger()


class UnknownOwnTypeError(Exception):
    """The stream holds a type of ours that this build does not know: the partition halts, loudly."""


@dataclass(slots=True)
class Batch:
    """What a transaction holds beside the workspace's changes."""

    inbox: list[str] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    moved: Moved | None = None


class Folding:
    """Folds one partition under a lease.

    A deadline fires before the first message stored after it is due. A message that fails ``TRIES`` times is parked in
    the transaction that moves the position past it.
    """

    def __init__(self, store: PartitionStore, lease: Lease, service: Service, opened: Opened) -> None:
        self.work = Workspace(store.codec)
        self.work.clock = opened.clock
        self.positions = dict(opened.positions)
        self.head = opened.head
        self._store = store
        self._lease = lease
        self._service = service
        self._log = log.bind(shard=lease.shard)

    @classmethod
    async def open(cls, store: PartitionStore, lease: Lease, service: Service, readers: Sequence[str]) -> Folding:
        """Return the folding of a partition as it stands; raises FencedError or StreamReplacedError."""
        folding = cls(store, lease, service, await asyncio.to_thread(store.open, lease, readers))
        for community in await asyncio.to_thread(service.suspended, store):
            folding.work.book.suspend(community)
        return folding

    async def fold(self, reader: str, messages: Sequence[Message]) -> None:
        """Fold ``messages`` in order and store the result with the reader's new position, in one transaction.

        Raises UnknownOwnTypeError, with all before it stored, at a message that only a newer build understands.
        """
        batch = Batch()
        decoded, halt = self._decoded(messages, batch)
        self.work.now = datetime.now(UTC)
        present = [delivered for delivered in decoded if delivered is not None and self._service.concerns(delivered)]
        known = await asyncio.to_thread(self._prefetch, present)
        for delivered in present:
            if delivered.key not in known:
                known.add(delivered.key)
                await self._fire_due(delivered.stored)
                self.work.clock = max(self.work.clock, delivered.stored)
                await self._handle(delivered, batch)
        if decoded:
            last = messages[len(decoded) - 1]
            batch.moved = Moved(reader=reader, expected=self.positions[reader], position=last.seq)
            await self.commit(batch, last.stored)
        if halt is not None:
            raise halt

    async def fire(self, clock: datetime) -> bool:
        """Fire what is due at ``clock``, at most a batch of it; tell whether anything was."""
        batch = Batch()
        self.work.now = datetime.now(UTC)
        fired = await self._fire_due(clock, BATCH)
        if fired:
            await self.commit(batch, clock)
        return fired

    async def next_deadline(self) -> DeadlineRow | None:
        """Return the deadline that is due first, suspended ones left out."""
        book = self.work.book
        while book.incomplete:
            rows = await asyncio.to_thread(
                self._store.deadlines, after=book.last, suspended=sorted(book.suspended), limit=WINDOW
            )
            book.extend(rows, complete=len(rows) < WINDOW)
        return book.next()

    async def loading(self, action: Callable[[], T]) -> T:
        """Run ``action``, loading the streams that it misses and starting it again until it misses none."""
        while True:
            try:
                return action()
            except StateMissing as missing:
                self.work.undo()
                self.work.admit(await asyncio.to_thread(self._store.load, missing.streams))
            except LineMissing as missing:
                self.work.undo()
                waiting = await asyncio.to_thread(self._store.waiting, missing.line, LINE_LENGTH)
                self.work.admit_line(missing.line, waiting)

    def keep(self) -> None:
        """Make what was decided since the last time part of the batch."""
        self.work.keep(self._service.community_of)

    async def commit(self, batch: Batch, clock: datetime) -> bool:
        """Store the batch and the workspace's changes; tell whether the log has grown. Raises FencedError."""
        events, states = self.work.to_commit()
        deadlines_set, deadlines_dropped = self.work.book.unsaved()
        commit = Commit(
            head=self.head,
            clock=clock,
            moved=batch.moved,
            events=events,
            states=states,
            inbox=tuple(batch.inbox),
            deadlines_set=deadlines_set,
            deadlines_dropped=deadlines_dropped,
            dead_letters=tuple(batch.dead_letters),
        )
        await asyncio.to_thread(self._store.commit, self._lease, commit)
        self.head = commit.new_head
        if batch.moved is not None:
            self.positions[batch.moved.reader] = batch.moved.position
        self.work.clock = max(self.work.clock, clock)
        self.work.committed(states)
        return bool(events)

    def _decoded(
        self, messages: Sequence[Message], batch: Batch
    ) -> tuple[list[Delivered | None], UnknownOwnTypeError | None]:
        decoded: list[Delivered | None] = []
        for message in messages:
            try:
                decoded.append(decode(message))
            except UnknownTypeError as error:
                if error.ours:
                    return decoded, UnknownOwnTypeError(
                        f"{message.stream} holds at {message.seq} an event of the type {error.event_type}, which this "
                        "build does not know. Start the build that wrote it, or a newer one."
                    )
                self._log.info("message.foreign", stream=message.stream, seq=message.seq, type=error.event_type)
                decoded.append(None)
            except (msgspec.DecodeError, KeyError, RecursionError) as error:
                self._park(message, error, 1, batch)
                decoded.append(None)
        return decoded, None

    def _prefetch(self, present: Sequence[Delivered]) -> set[str]:
        known = self._store.known([delivered.key for delivered in present]) if present else set()
        missing = self.work.missing(
            stream
            for delivered in present
            if delivered.key not in known
            for stream in self._service.streams_of(delivered)
        )
        if missing:
            self.work.admit(self._store.load(missing))
        return known

    async def _handle(self, delivered: Delivered, batch: Batch) -> None:
        for attempt in range(1, TRIES + 1):
            try:
                await self.loading(lambda: self._service.on_message(delivered, self.work))
                break
            except Exception as error:  # noqa: BLE001 -- a poison message must not stop the rest
                self.work.undo()
                if attempt == TRIES:
                    self._park(delivered, error, attempt, batch)
        self.keep()
        batch.inbox.append(delivered.key)

    async def _fire_due(self, clock: datetime, most: int | None = None) -> bool:
        fired = 0
        while most is None or fired < most:
            row = await self.next_deadline()
            if row is None or row.due > clock:
                break
            fired += 1
            # Not the time at which it happens to fire: a replay fires it at another.
            self.work.clock = row.eligible_at
            try:
                await self.loading(lambda row=row: self._service.on_deadline(row, self.work))  # type: ignore[misc]
                self.keep()
                if self.work.book.next() == row:
                    raise RuntimeError("its stream still has it after it fired")
            except Exception:
                self.work.undo()
                self.work.book.drop(row.stream, row.name)
                self._log.exception("deadline.dropped", stream=row.stream, name=row.name)
        return fired > 0

    def _park(self, message: Message, error: Exception, tries: int, batch: Batch) -> None:
        self._log.error("message.parked", stream=message.stream, seq=message.seq, error=str(error), exc_info=error)
        batch.dead_letters.append(
            DeadLetter(
                stream=message.stream,
                seq=message.seq,
                subject=message.subject,
                headers=message.headers or {},
                body=message.body,
                error=f"{type(error).__name__}: {error}"[:2000],
                trace_id=message.trace_id,
                tries=tries,
            )
        )
