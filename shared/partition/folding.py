"""Folding: from messages and the passing of time to one transaction. It knows the store, but not NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

import structlog

from shared.clock import Clock, wall_clock
from shared.dead_letters import dead_letter
from shared.decider import Refused
from shared.delivery import Delivered, Message
from shared.event_store.interface import Store
from shared.event_store.recorder import Commit, DeadLetter, Lease, Moved
from shared.event_store.stored import Opened
from shared.partition.firing import Firing
from shared.partition.loading import HandlingError, Loading, cause_of
from shared.partition.service import Service
from shared.partition.understanding import ToFold, understand
from shared.recent_states import CACHE_BYTES
from shared.workspace import LineMissing, StateMissing, Workspace

BATCH: Final = 500
"""A transaction, the states of the streams it changes and the pages it dirties are paid for once a batch; but each
connection keeps the room that its largest statement took, and each partition that of two batches."""
DUE: Final = 100
"""Deadlines of a transaction: each may write all that is known of somebody's touch, so they are larger."""
TRIES: Final = 3
_PASSED: Final = timedelta(seconds=1)
log = structlog.get_logger()


@dataclass(slots=True)
class Batch:
    """What a transaction holds beside the workspace's changes."""

    inbox: list[str] = field(default_factory=list)
    dead_letters: list[DeadLetter] = field(default_factory=list)
    moved: Moved | None = None


class Folding:
    """Folds one partition under a lease.

    A batch is folded while the one before it is being stored, on the states as they will be; it is stored only after
    that one is, and where that fails, nothing more can be stored, and the folding is of no use any more.

    A deadline fires before the first message stored after it is due. A message that fails ``TRIES`` times is parked in
    the transaction that moves the position past it, and its key is not remembered, so that it can be sent once more.
    """

    def __init__(
        self,
        store: Store,
        lease: Lease,
        service: Service,
        opened: Opened,
        *,
        now: Clock = wall_clock,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        self.work = Workspace(store.codec, cache_bytes=cache_bytes)
        self.loading = Loading(store, self.work, self.settle)
        self.firing = Firing(store, self.work, service, self.loading, self.settle)
        self.positions = dict(opened.positions)
        self.head = opened.head
        """The last position of the log that is known to be stored."""
        self.clock = opened.clock
        """The stored time of the last message folded, whatever has fired since: a replay finds the same."""
        self._commits = opened.commits
        self._commit: Commit | None = None
        self._storing: asyncio.Future[None] | None = None
        self._store = store
        self._lease = lease
        self._service = service
        self._now = now
        self._passed: dict[str, Moved] = {}
        self._passed_since: datetime | None = None
        self._log = log.bind(shard=lease.shard)

    @classmethod
    async def open(
        cls,
        store: Store,
        lease: Lease,
        service: Service,
        readers: Sequence[str],
        *,
        now: Clock = wall_clock,
        cache_bytes: int = CACHE_BYTES,
    ) -> Folding:
        """Return the folding of a partition as it stands; raises FencedError or StreamReplacedError."""
        opened = await store.aside(store.open, lease, readers)
        folding = cls(store, lease, service, opened, now=now, cache_bytes=cache_bytes)
        for community in await store.aside(service.suspended, store):
            folding.work.book.suspend(community)
        return folding

    async def fold(self, reader: str, messages: Sequence[Message]) -> None:
        """Do as ``fold_ahead`` does, until the result is stored."""
        await self.fold_ahead(reader, messages)
        await self.settle()

    async def fold_ahead(self, reader: str, messages: Sequence[Message]) -> None:
        """Fold ``messages`` in order and begin to store the result with the reader's new position, in one transaction.

        Only when more deadlines are due in between than one transaction takes, what is before is stored first. Raises
        UnknownOwnTypeError, with all before it stored, at a message that only a newer build understands.
        """
        understood, halt = understand(messages, self._service)
        self.work.now = self._now()
        to_fold = [one for one in understood if isinstance(one, ToFold)]
        known = await self.loading.known_of(to_fold)
        if self._commit is not None:
            known.update(self._commit.inbox)
        if messages:
            await self.firing.make_ready(max(self.clock, messages[-1].stored), DUE)
        coming = [one.delivered for one in to_fold if one.delivered.key not in known]
        await self.loading.admit(self._service.streams_beside(coming, self.work))
        self._service.prepare(coming)
        batch = Batch()
        read = 0
        for message, one in zip(messages, understood, strict=False):
            clock = max(self.clock, message.stored)
            if isinstance(one, Exception):
                self._park(message, one, 1, batch)
            elif one is not None and one.delivered.key not in known:
                while self.firing.may_be_due(clock) and await self.firing.fire_due(clock, batch.dead_letters, DUE):
                    batch.moved = self._moved(reader, read)
                    await self._begin(batch)
                    batch, read = Batch(), 0
                    await self.firing.make_ready(clock, DUE)
                self.work.clock = clock
                failed = self._try_at_once(one.delivered)
                if failed is None or await self._try_again(one.delivered, failed, batch):
                    known.add(one.delivered.key)
                    batch.inbox.append(one.delivered.key)
            self.clock, read = clock, message.seq
        batch.moved = self._moved(reader, read)
        if batch.moved is not None:
            if halt is None and not any(understood):
                await self._pass_by(batch.moved)
            else:
                await self._begin(batch)
        if halt is not None:
            await self.settle()
            raise halt

    def _moved(self, reader: str, read: int) -> Moved | None:
        """Return that ``reader`` was read up to ``read``, where that is a message of the batch."""
        return Moved(reader=reader, expected=self.positions[reader], position=read) if read else None

    async def _pass_by(self, moved: Moved) -> None:
        """Note that nothing up to a position is this partition's; whoever takes over before then sees it again."""
        self._passed[moved.reader] = moved
        self._passed_since = self._passed_since or self._now()
        await self.note_passed()

    async def note_passed(self) -> None:
        """Store how far was read over what is not this partition's, once a second."""
        since = self._passed_since
        if since is None or timedelta(0) <= self._now() - since < _PASSED:
            return
        for moved in list(self._passed.values()):
            await self.commit(Batch(moved=moved))

    async def fire(self, clock: datetime, most: int = DUE) -> bool:
        """Fire what is due at ``clock``, at most ``most`` of it; tell whether anything was."""
        self.work.now = self._now()
        row = await self.firing.next_deadline()
        if row is None or row.due > clock:
            return False
        batch = Batch()
        await self.firing.make_ready(clock, most)
        await self.firing.fire_due(clock, batch.dead_letters, most)
        await self.commit(batch)
        return True

    def keep(self) -> None:
        """Make what was decided since the last time part of the batch."""
        self.work.keep(self._service.community_of)

    async def commit(self, batch: Batch) -> None:
        """Store the batch and the workspace's changes; raises FencedError."""
        await self._begin(batch)
        await self.settle()

    @property
    def storing(self) -> asyncio.Future[None] | None:
        """What is done when the batch that was begun to be stored is, or cannot be: ``settle`` tells which."""
        return self._storing

    async def settle(self) -> None:
        """Wait until everything that was begun is stored; raises FencedError, and again whenever it is asked."""
        if self._storing is not None and self._commit is not None:
            await self._storing
            self.head, self._commits = self._commit.new_head, self._commit.commits + 1
            self._storing = self._commit = None

    def abandon(self) -> None:
        """Wait for nothing any more."""
        if self._storing is not None and not self._storing.cancel() and not self._storing.cancelled():
            self._storing.exception()  # else asyncio complains that nobody has asked

    async def _begin(self, batch: Batch) -> None:
        """Begin to store the batch and the workspace's changes, once what was begun before is stored."""
        before = self._commit
        events, states = self.work.to_commit()
        deadlines_set, deadlines_dropped = self.work.book.unsaved()
        commit = Commit(
            head=self.head if before is None else before.new_head,
            commits=self._commits if before is None else before.commits + 1,
            clock=self.clock,
            moved=batch.moved,
            events=events,
            states=states,
            inbox=tuple(batch.inbox),
            deadlines_set=deadlines_set,
            deadlines_dropped=deadlines_dropped,
            dead_letters=tuple(batch.dead_letters),
        )
        await self.settle()
        if batch.moved is not None:
            self.positions[batch.moved.reader] = batch.moved.position
            self._passed.pop(batch.moved.reader, None)
            if not self._passed:
                self._passed_since = None
        self.work.committed(states)
        self._commit, self._storing = commit, self._store.beside(self._store.commit, self._lease, commit)

    def _try_at_once(self, delivered: Delivered) -> Exception | None:
        """Fold a message as most are, with all in memory; return why it could not be, with nothing of it done."""
        try:
            self._service.on_message(delivered, self.work)
            self.keep()
        except Exception as error:  # noqa: BLE001 -- the next try tells what is to be done about it
            self.work.undo()
            return error
        return None

    async def _try_again(self, delivered: Delivered, before: Exception, batch: Batch) -> bool:
        """Fold a message after the first try ended as ``before``; what was missing in memory is no failure."""

        def on_message() -> None:
            self._service.on_message(delivered, self.work)
            self.keep()

        for attempt in range(1 if isinstance(before, StateMissing | LineMissing) else 2, TRIES + 1):
            try:
                await self.loading.until_done(on_message)
            except (HandlingError, Refused) as error:
                if attempt == TRIES:
                    self._park(delivered, error, attempt, batch)
            else:
                return True
        return False

    def _park(self, message: Message, error: Exception, tries: int, batch: Batch) -> None:
        why = cause_of(error)
        self._log.error("message.parked", stream=message.stream, seq=message.seq, error=str(why), exc_info=why)
        batch.dead_letters.append(dead_letter(message, why, tries))
