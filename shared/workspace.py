"""The states a partition is working on: a bounded cache, and the changes of the batch at hand."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from shared.deadline_book import DeadlineBook
from shared.decider import Place
from shared.event_store.codec import EventCodec, EventRow
from shared.event_store.recorder import DeadlineRow, StateRow
from shared.event_store.stored import EPOCH, Loaded
from shared.recent_states import CACHE_BYTES, Entry, RecentStates, deadlines_of

LATE_GRACE: Final = timedelta(seconds=5)
"""A deadline that is past when it is set waits so long: what makes it needless may come in the same breath."""
LEAST_LAG_BYTES: Final = 4096
"""What is stored of a state that may lag lags behind events of so many bytes, or of as many as it has itself."""


class StateMissing(Exception):  # noqa: N818 -- a request to the runner, not an error
    """A handler asked for streams that are not in memory: the runner loads them and starts the message again."""

    def __init__(self, streams: Iterable[str]) -> None:
        self.streams = tuple(streams)
        super().__init__(", ".join(self.streams))


class LineMissing(Exception):  # noqa: N818 -- a request to the runner, not an error
    """A handler asked for a page of a waiting line: the runner reads it and starts again."""

    def __init__(self, line: str, after: Place | None) -> None:
        self.line = line
        self.after = after
        super().__init__(line)


@dataclass(frozen=True, slots=True)
class Page:
    """A part of a waiting line, in order; ``end`` is its last place when the line goes on after it."""

    places: tuple[Place, ...]
    end: Place | None


class Workspace:
    """What handlers work on: states to read, commands to decide, and a clock.

    ``clock`` is the partition's clock: the stored time of the message being folded, or of the deadline's firing.
    ``now`` is the wall clock, for decisions that are recorded and never replayed from the stream.
    """

    def __init__(self, codec: EventCodec, *, cache_bytes: int = CACHE_BYTES) -> None:
        self.clock: datetime = EPOCH
        self.now: datetime = EPOCH
        self.book = DeadlineBook()
        self._codec = codec
        self._recent = RecentStates(cache_bytes)
        self._held: dict[str, Entry] = {}
        """What is worked on, as it is now: it stays in memory until the commit after the next."""
        self._loaded: dict[str, None] = {}
        self._dirty: dict[str, None] = {}
        """Those of the held that the batch has changed, in the order in which it first did."""
        self._recorded: list[EventRow] = []
        self._kept = 0
        self._lines: dict[tuple[str, Place | None], Page] = {}
        self._undo: dict[str, tuple[Entry, bool]] = {}

    # For handlers

    def state(self, stream: str) -> Any:
        """Return the stream's state; raises StateMissing when it is not in memory."""
        return (self._held.get(stream) or self._entry(stream)).state

    def states(self, streams: Sequence[str]) -> tuple[Any, ...]:
        """Return the state of each stream; raises StateMissing with all that are not in memory."""
        missing = self.missing(streams)
        if missing:
            raise StateMissing(missing)
        return tuple(self.state(stream) for stream in streams)

    def version(self, stream: str) -> int:
        """Return how many events the stream has; raises StateMissing when it is not in memory."""
        return self._entry(stream).version

    def line(self, line: str, after: Place | None = None) -> Page:
        """Return a page of a waiting line as it stands now, from its head or from ``after`` on; raises LineMissing."""
        if (line, after) not in self._lines:
            raise LineMissing(line, after)
        stored = self._lines[line, after]
        places = {place.stream: place for place in stored.places}
        for stream in self._dirty:
            entry = self._held[stream]
            places.pop(stream, None)
            standing = entry.decider.standing(entry.state)
            if standing is not None and standing.line == line:
                place = Place(rank=standing.rank, stream=stream)
                behind = after is None or after.order < place.order
                if behind and (stored.end is None or place.order <= stored.end.order):
                    places[stream] = place
        return Page(tuple(sorted(places.values(), key=lambda place: place.order)), stored.end)

    def decide(self, stream: str, command: Any) -> tuple[Any, ...]:
        """Let the stream's decider decide, record its events, and return them; raises what the decider raises.

        Events are encoded at once, so that one that cannot be stored fails its own message and not the whole batch.
        """
        entry = self._entry(stream)
        decider = entry.decider
        events = decider.decide(command, entry.state)
        if not events:
            return ()
        if stream not in self._undo:
            self._undo[stream] = (entry, stream in self._dirty)
        state, version, since = entry.state, entry.version, entry.since
        for event in events:
            version += 1
            state = decider.evolve(state, event)
            stored = self._codec.stored(stream, version, event)
            since += len(stored.state)
            self._recorded.append(stored)
        self._dirty[stream] = None
        self._held[stream] = Entry(decider, version, state, entry.size, since, entry.earlier_form)
        return events

    # For the runner

    def missing(self, streams: Iterable[str]) -> list[str]:
        """Return those of ``streams`` that are not in memory, and hold the others there until the next commit."""
        missing = []
        for stream in dict.fromkeys(streams):
            if stream not in self._held:
                entry = self._recent.get(stream)
                if entry is None:
                    missing.append(stream)
                else:
                    self._held[stream] = entry
        return missing

    def admit(self, loaded: Mapping[str, Loaded]) -> None:
        """Take stored states into memory; they stay there until the next commit, whatever room the cache has."""
        for stream, one in loaded.items():
            self._held[stream] = Entry(self._codec.decider_of(stream), *one)
            self._loaded[stream] = None

    def admit_line(self, line: str, after: Place | None, places: Sequence[Place], *, more: bool) -> None:
        """Take a page of a waiting line into memory until the batch is committed; ``more`` when the line goes on."""
        self._lines[line, after] = Page(tuple(places), places[-1] if more else None)

    def keep(self, community_of: Callable[[str], str]) -> None:
        """Make the changes since the last ``keep`` part of the batch, and note the deadlines they set and drop.

        Does all of it or, when a decider's ``deadlines`` raises, nothing.
        """
        if not self._undo:
            return
        dropped: list[tuple[str, str]] = []
        moved: list[tuple[DeadlineRow, bool]] = []
        for stream, (before, _) in self._undo.items():
            were, are = deadlines_of(before), deadlines_of(self._held[stream])
            if were is are or were == are:  # mostly there are none
                continue
            old = {deadline.name: deadline.due for deadline in were}
            new = {deadline.name: deadline.due for deadline in are}
            dropped += ((stream, name) for name in old.keys() - new.keys())
            community = community_of(stream)
            moved += (
                (
                    DeadlineRow(
                        stream=stream, name=name, community=community, due=self._not_past(due), armed_at=self.clock
                    ),
                    name not in old,
                )
                for name, due in new.items()
                if old.get(name) != due
            )
        for stream, name in dropped:
            self.book.drop(stream, name)
        for row, is_new in moved:
            self.book.set(row, new=is_new)
        self._kept = len(self._recorded)
        self._undo.clear()

    def _not_past(self, due: datetime) -> datetime:
        return due if due > self.clock else self.clock + LATE_GRACE

    def undo(self) -> None:
        """Forget the changes since the last ``keep``."""
        del self._recorded[self._kept :]
        for stream, (before, was_dirty) in self._undo.items():
            self._held[stream] = before
            if not was_dirty:
                self._dirty.pop(stream, None)
        self._undo.clear()

    def to_commit(self) -> tuple[tuple[EventRow, ...], tuple[StateRow, ...]]:
        """Return the batch's events in order and the states they lead to, as they are stored.

        One that may lag is stored at first, and again when the events since take as much as it did itself. One that an
        earlier build stored is so at once: that build must not find it in its own form, and take it for up to date.
        """
        rows = []
        for stream in self._dirty:
            entry = self._held[stream]
            stored = entry.size and not entry.earlier_form
            if stored and entry.decider.lags and entry.since < max(entry.size, LEAST_LAG_BYTES):
                continue
            standing = entry.decider.standing(entry.state)
            rows.append(
                StateRow(
                    stream=stream,
                    version=entry.version,
                    state=self._codec.encode_state(entry.state),
                    line=standing.line if standing is not None else None,
                    rank=standing.rank if standing is not None else None,
                )
            )
        return tuple(self._recorded), tuple(rows)

    def committed(self, rows: Iterable[StateRow]) -> None:
        """Note that the batch is being stored, and the one before is: the batch's states stay in memory until then."""
        for row in rows:
            entry = self._held[row.stream]
            entry.size, entry.since, entry.earlier_form = len(row.state), 0, False
        # The others are in the cache as they are, or were not wanted there.
        for stream in {**self._loaded, **self._dirty}:
            self._recent.put(stream, self._held[stream])
        # It may not be stored yet, and the store would tell of a state before.
        self._held = {stream: self._held[stream] for stream in self._dirty}
        self._loaded.clear()
        self._dirty.clear()
        self._lines.clear()
        self._recorded.clear()
        self._kept = 0
        self.book.saved()

    def _entry(self, stream: str) -> Entry:
        entry = self._held.get(stream)
        if entry is None:
            entry = self._recent.get(stream)
            if entry is None:
                raise StateMissing([stream])
            self._held[stream] = entry
        return entry
