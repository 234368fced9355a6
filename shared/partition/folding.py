"""Folding: from messages and the passing of time to one transaction. It knows the store, but not NATS."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import structlog
from msgspec.structs import replace

from shared.clock import Clock, wall_clock
from shared.dead_letters import dead_deadline, dead_letter
from shared.deadline_book import WINDOW
from shared.decider import Refused
from shared.delivery import Delivered, Message
from shared.event_store.interface import Store
from shared.event_store.recorder import Commit, DeadLetter, DeadlineRow, Lease, Moved
from shared.event_store.store import Opened
from shared.partition.service import Service
from shared.partition.understanding import ToFold, understand
from shared.workspace import CACHE_BYTES, LineMissing, StateMissing, Workspace

BATCH: Final = 500
TRIES: Final = 3
_PASSED: Final = timedelta(seconds=1)
LINE_LENGTH: Final = 500
"""How many of a waiting line are on one page."""

T = TypeVar("T")

ParkedDeadlines = Mapping[tuple[str, str, datetime], datetime | None]
"""Deadlines that were parked, by stream, name and due time; and for when they were set again, where they were."""

log = structlog.get_logger()


class HandlingError(Exception):
    """A handler failed, and nothing of what it did is left; the cause is chained."""


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
        self._parked: ParkedDeadlines = {}
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

    def pass_over(self, parked: ParkedDeadlines) -> None:
        """Fire none of ``parked``: for a replay, since the first run could not fire them either."""
        self._parked = parked

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
        known = await self._store.aside(self._prefetch, to_fold) if to_fold else set()
        if self._commit is not None:
            known.update(self._commit.inbox)
        batch = Batch()
        for message, one in zip(messages, understood, strict=False):
            clock = max(self.clock, message.stored)
            if isinstance(one, Exception):
                self._park(message, one, 1, batch)
            elif one is not None and one.delivered.key not in known:
                while self._may_fire(clock) and await self._fire_due(clock, batch):
                    await self._begin(batch)
                    batch = Batch()
                self.work.clock = clock
                if await self._handle(one.delivered, batch):
                    known.add(one.delivered.key)
                    batch.inbox.append(one.delivered.key)
            self.clock = clock
            batch.moved = Moved(reader=reader, expected=self.positions[reader], position=message.seq)
        if batch.moved is not None:
            if halt is None and not any(understood):
                await self._pass_by(batch.moved)
            else:
                await self._begin(batch)
        if halt is not None:
            await self.settle()
            raise halt

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

    async def fire(self, clock: datetime, most: int = BATCH) -> bool:
        """Fire what is due at ``clock``, at most ``most`` of it; tell whether anything was."""
        self.work.now = self._now()
        row = await self.next_deadline()
        if row is None or row.due > clock:
            return False
        batch = Batch()
        await self._fire_due(clock, batch, most)
        await self.commit(batch)
        return True

    async def next_deadline(self) -> DeadlineRow | None:
        """Return the deadline that is due first, suspended ones left out."""
        book = self.work.book
        while book.incomplete:
            await self.settle()
            rows = await self._store.aside(
                self._store.deadlines, after=book.last, suspended=sorted(book.suspended), limit=WINDOW
            )
            book.extend(rows, complete=len(rows) < WINDOW)
        return book.next()

    async def loading(self, action: Callable[[], T]) -> T:
        """Run ``action``, loading the streams and lines that it misses and starting it again until it misses none.

        Raises Refused, and HandlingError for anything else that ``action`` raises, with nothing of its changes left.
        What the store raises goes through: no message is to blame for that.
        """
        while True:
            line: LineMissing | None = None
            streams: tuple[str, ...] = ()
            try:
                return action()
            except StateMissing as missing:
                self.work.undo()
                streams = missing.streams
            except LineMissing as missing:
                self.work.undo()
                line = missing
            except Refused:
                self.work.undo()
                raise
            except Exception as error:
                self.work.undo()
                raise HandlingError(f"{type(error).__name__}: {error}") from error
            if line is not None:
                await self.settle()
                page = await self._store.aside(self._store.waiting, line.line, LINE_LENGTH, line.after)
                self.work.admit_line(line.line, line.after, page, more=len(page) == LINE_LENGTH)
                streams = tuple(place.stream for place in page)
            await self._store.aside(self._admit, streams)

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

    def _prefetch(self, all_to_fold: Sequence[ToFold]) -> set[str]:
        known = self._store.known([one.delivered.key for one in all_to_fold])
        self._admit(stream for one in all_to_fold if one.delivered.key not in known for stream in one.streams)
        return known

    def _admit(self, streams: Iterable[str]) -> None:
        missing = self.work.missing(streams)
        if missing:
            self.work.admit(self._store.load(missing))

    async def _handle(self, delivered: Delivered, batch: Batch) -> bool:
        def on_message() -> None:
            self._service.on_message(delivered, self.work)
            self.keep()

        for attempt in range(1, TRIES + 1):
            try:
                await self.loading(on_message)
            except (HandlingError, Refused) as error:
                if attempt == TRIES:
                    self._park(delivered, error, attempt, batch)
            else:
                return True
        return False

    def _may_fire(self, clock: datetime) -> bool:
        """Tell whether something is due at ``clock``, or only the table knows."""
        row = self.work.book.next()
        return row.due <= clock if row is not None else self.work.book.incomplete

    async def _fire_due(self, clock: datetime, batch: Batch, most: int = BATCH) -> bool:
        """Fire what is due at ``clock`` in order; tell whether there is more, for another transaction.

        At most ``most``, and each only once: what sets itself again goes through something long, part by part.
        """
        fired: set[tuple[str, str]] = set()
        while (row := await self.next_deadline()) is not None and row.due <= clock:
            if len(fired) == most or (row.stream, row.name) in fired:
                return True
            if not fired:
                coming = [due.stream for due in self.work.book.due(clock, most)]
                await self._store.aside(self._admit, coming)
            fired.add((row.stream, row.name))
            await self._fire(row, batch)
        return False

    async def _fire(self, row: DeadlineRow, batch: Batch) -> None:
        if (row.stream, row.name, row.due) in self._parked:
            self.work.book.drop(row.stream, row.name)
            again = self._parked[row.stream, row.name, row.due]
            if again is not None:
                self.work.book.set(replace(row, due=again, armed_at=again))
            return

        def on_deadline() -> None:
            self._service.on_deadline(row, self.work)
            self.keep()

        # Not the time at which it happens to fire: a replay fires it at another.
        self.work.clock = row.eligible_at
        failure: HandlingError | Refused | None
        try:
            await self.loading(on_deadline)
            failure = HandlingError("its stream still has it after it fired") if self.work.book.holds(row) else None
        except (HandlingError, Refused) as error:
            failure = error
        if failure is not None:
            self._log.error("deadline.parked", stream=row.stream, name=row.name, exc_info=failure)
            self.work.book.drop(row.stream, row.name)
            batch.dead_letters.append(dead_deadline(row, _cause(failure)))

    def _park(self, message: Message, error: Exception, tries: int, batch: Batch) -> None:
        why = _cause(error)
        self._log.error("message.parked", stream=message.stream, seq=message.seq, error=str(why), exc_info=why)
        batch.dead_letters.append(dead_letter(message, why, tries))


def _cause(error: Exception) -> Exception:
    cause = error.__cause__ if isinstance(error, HandlingError) else error
    return cause if isinstance(cause, Exception) else error
