"""A partition's store in memory: what ``PartitionStore`` and ``commit.sql`` do, without PostgreSQL.

``test_store_twins.py`` holds it against the real one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from eventsourcing.persistence import IntegrityError, Notification, StoredEvent

from shared.clock import Clock
from shared.decider import Place
from shared.event_store.certain_commit import Standing, commit_for_certain
from shared.event_store.codec import EventCodec
from shared.event_store.errors import FencedError, StreamReplacedError
from shared.event_store.reader_names import read_before, stream_of
from shared.event_store.recorder import Commit, DeadLetter, DeadlineRow, Lease, StateRow
from shared.event_store.stored import EPOCH, Loaded, Opened, Outlet
from shared.topology import DERIVED


@dataclass(slots=True)
class Shard:
    """A row of ``shards``."""

    owner: str = ""
    epoch: int = 0
    expires_at: datetime = EPOCH
    head: int = 0
    commits: int = 0
    clock: datetime = EPOCH
    relayed: int = 0
    relayed_seq: int = 0
    relayed_in: str = ""
    halted: str | None = None


@dataclass(slots=True)
class Tables:
    """All that PostgreSQL keeps of one partition, by its own clock ``now``; ``away`` while it cannot be reached."""

    now: Clock
    away: bool = False
    shard: Shard = field(default_factory=Shard)
    events: list[StoredEvent] = field(default_factory=list)
    versions: dict[tuple[str, int], int] = field(default_factory=dict)
    tracking: dict[str, int] = field(default_factory=dict)
    states: dict[str, StateRow] = field(default_factory=dict)
    inbox: set[str] = field(default_factory=set)
    deadlines: dict[tuple[str, str], DeadlineRow] = field(default_factory=dict)
    dead_letters: dict[tuple[str, int], DeadLetter] = field(default_factory=dict)

    def own(self, owner: str, seconds: float, *, by_force: bool = False) -> Lease | None:
        """Take the shard as ``LeaseKeeper`` does: only when its lease has run out, unless ``by_force``."""
        if self.shard.expires_at > self.now() and not by_force:
            return None
        self.shard.owner = owner
        self.shard.epoch += 1
        self.shard.expires_at = self.now() + timedelta(seconds=seconds)
        return Lease(shard="0", owner=owner, epoch=self.shard.epoch)

    def renew(self, lease: Lease, seconds: float) -> bool:
        """Prolong a lease that is held; tell whether it was."""
        if not self.held(lease):
            return False
        self.shard.expires_at = self.now() + timedelta(seconds=seconds)
        return True

    def held(self, lease: Lease) -> bool:
        shard = self.shard
        return (shard.owner, shard.epoch) == (lease.owner, lease.epoch) and shard.expires_at > self.now()

    def fence(self, lease: Lease, commit: Commit) -> bool:
        """Tell whether ``commit`` applies."""
        shard, moved = self.shard, commit.moved
        return (
            self.held(lease)
            and (shard.head, shard.commits) == (commit.head, commit.commits)
            and (moved is None or self.tracking.get(moved.reader) == moved.expected)
        )

    def commit(self, lease: Lease, commit: Commit) -> bool:
        """Write all of ``commit`` or, where it does not apply, nothing; raises IntegrityError as the tables do."""
        if not self.fence(lease, commit):
            return False
        keys = [(str(event.originator_id), event.originator_version) for event in commit.events]
        if len(set(keys)) < len(keys) or not self.versions.keys().isdisjoint(keys):
            raise IntegrityError("events_pkey")
        if len(set(commit.inbox)) < len(commit.inbox) or not self.inbox.isdisjoint(commit.inbox):
            raise IntegrityError("inbox_pkey")
        shard = self.shard
        shard.head, shard.commits, shard.clock = commit.new_head, shard.commits + 1, max(shard.clock, commit.clock)
        if commit.moved is not None:
            self.tracking[commit.moved.reader] = commit.moved.position
        self.versions.update(zip(keys, range(commit.head + 1, commit.new_head + 1), strict=True))
        self.events += commit.events
        self.states.update((row.stream, row) for row in commit.states)
        self.inbox.update(commit.inbox)
        for key in commit.deadlines_dropped:
            self.deadlines.pop(key, None)
        self.deadlines.update(((row.stream, row.name), row) for row in commit.deadlines_set)
        self.dead_letters.update(((letter.stream, letter.seq), letter) for letter in commit.dead_letters)
        return True


class Done:
    """What is over as soon as it is begun, like a future that needs no loop."""

    def __init__(self, error: Exception | None) -> None:
        self._error = error

    def done(self) -> bool:
        return True

    def cancel(self) -> bool:
        return False

    def cancelled(self) -> bool:
        return False

    def exception(self) -> Exception | None:
        return self._error

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        asyncio.get_running_loop().call_soon(callback, self)

    def __await__(self) -> Iterator[None]:
        if self._error is not None:
            raise self._error
        yield from ()


class MemoryStore:
    """One owner's way to the tables. ``write`` may be replaced by one that loses commits or their replies."""

    def __init__(self, tables: Tables, codec: EventCodec, partition: int = 0) -> None:
        self.partition = partition
        self.codec = codec
        self.tables = tables
        self.write: Callable[[Lease, Commit], bool] = tables.commit

    def beside(self, work: Callable[..., Any], *args: Any) -> Done:
        try:
            work(*args)
        except Exception as error:  # noqa: BLE001 -- whoever awaits it is told
            return Done(error)
        return Done(None)

    async def aside(self, work: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return work(*args, **kwargs)

    def open(self, lease: Lease, readers: Iterable[str]) -> Opened:
        shard, tracking = self.tables.shard, self.tables.tracking
        if (shard.owner, shard.epoch) != (lease.owner, lease.epoch):
            raise FencedError(lease.shard)
        positions = {}
        for reader in readers:
            other = read_before(reader, tracking)
            if other is not None:
                if stream_of(reader) not in DERIVED:
                    raise StreamReplacedError(reader)
                self._forget_reader(other)
            positions[reader] = tracking.setdefault(reader, 0)
        return Opened(head=shard.head, commits=shard.commits, clock=shard.clock, positions=positions)

    def _forget_reader(self, reader: str) -> None:
        del self.tables.tracking[reader]
        letters = self.tables.dead_letters
        for key in [key for key in letters if key[0] == stream_of(reader)]:
            del letters[key]

    def load(self, streams: Sequence[str]) -> dict[str, Loaded]:
        return {stream: self._loaded(stream) for stream in streams}

    def _loaded(self, stream: str) -> Loaded:
        row, decider = self.tables.states.get(stream), self.codec.decider_of(stream)
        if row is None:
            return Loaded(0, decider.initial, 0)
        state, earlier_form = self.codec.resume_state(stream, row.state)
        stored = Loaded(row.version, state, len(row.state), earlier_form=earlier_form)
        return stored.followed_by(self._since(stream, row.version), self.codec) if decider.lags else stored

    def _since(self, stream: str, version: int) -> Iterator[StoredEvent]:
        while (position := self.tables.versions.get((stream, version := version + 1))) is not None:
            yield self.tables.events[position - 1]

    def known(self, ids: Sequence[str]) -> set[str]:
        return self.tables.inbox.intersection(ids)

    def deadlines(self, *, after: DeadlineRow | None, suspended: Sequence[str], limit: int) -> list[DeadlineRow]:
        left_out = set(suspended)
        rows = sorted((row for row in self.tables.deadlines.values() if row.community not in left_out), key=_due)
        return [row for row in rows if after is None or _due(row) > _due(after)][:limit]

    def waiting(self, line: str, limit: int, after: Place | None = None) -> list[Place]:
        rows = (row for row in self.tables.states.values() if row.line == line)
        places = sorted((Place(rank=row.rank or 0.0, stream=row.stream) for row in rows), key=lambda one: one.order)
        return [place for place in places if after is None or place.order > after.order][:limit]

    def events_after(self, position: int, *, limit: int, topics: Sequence[str]) -> Sequence[Notification]:
        wanted = set(topics)
        found = enumerate(self.tables.events[position:], position + 1)
        return [
            Notification(
                id=number,
                originator_id=event.originator_id,
                originator_version=event.originator_version,
                topic=event.topic,
                state=event.state,
            )
            for number, event in found
            if event.topic in wanted
        ][:limit]

    def head(self) -> int:
        return len(self.tables.events)

    def confirm(self, lease: Lease) -> Outlet:
        if not self.tables.held(lease):
            raise FencedError(lease.shard)
        return self.outlet(lease)

    def relayed(self, _lease: Lease) -> int:
        return self.tables.shard.relayed

    def note_relayed(self, lease: Lease, position: int, seq: int = 0) -> None:
        shard = self.tables.shard
        if shard.epoch == lease.epoch:
            shard.relayed, shard.relayed_seq = max(shard.relayed, position), max(shard.relayed_seq, seq)

    def outlet(self, _lease: Lease) -> Outlet:
        return Outlet(reader=self.tables.shard.relayed_in, seq=self.tables.shard.relayed_seq)

    def note_outlet(self, lease: Lease, reader: str, *, anew: bool) -> None:
        shard = self.tables.shard
        if shard.epoch == lease.epoch:
            shard.relayed_in = reader
            if anew:
                shard.relayed = shard.relayed_seq = 0

    def note_halted(self, lease: Lease, why: str | None) -> None:
        if self.tables.shard.epoch == lease.epoch:
            self.tables.shard.halted = why

    def commit(self, lease: Lease, commit: Commit) -> None:
        commit_for_certain(lease, commit, self.write, self._standing, lambda: False)

    def _standing(self, _shard: str) -> Standing:
        shard = self.tables.shard
        return Standing(owner=shard.owner, epoch=shard.epoch, commits=shard.commits)


def _due(row: DeadlineRow) -> tuple[datetime, str, str]:
    return (row.due, row.stream, row.name)


def copied(tables: Tables) -> Tables:
    """Return the tables as they stand, to go on with apart."""
    return replace(
        tables,
        shard=replace(tables.shard),
        events=list(tables.events),
        **{name: getattr(tables, name).copy() for name in ("versions", "tracking", "states", "inbox", "deadlines")},
        dead_letters=dict(tables.dead_letters),
    )
