"""The next deadlines of a partition, in memory; the rest wait in their table."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from shared.event_store.recorder import DeadlineRow

WINDOW: Final = 2_000

_Key = tuple[datetime, str, str]


class DeadlineBook:
    """A window over the stored deadlines in order of due time, with the changes that are not stored yet laid over it.

    Everything up to ``last`` is in memory; beyond it only the table knows, until ``extend`` brings the next rows. The
    book is bounded: what is far away is dropped again and read when its time comes.
    """

    def __init__(self) -> None:
        self.suspended: set[str] = set()
        self._near: dict[tuple[str, str], DeadlineRow] = {}
        self._order: list[_Key] = []
        self._unsaved: dict[tuple[str, str], DeadlineRow | None] = {}
        self._new: set[tuple[str, str]] = set()
        self._last: DeadlineRow | None = None
        self._complete = False

    def set(self, row: DeadlineRow, *, new: bool = False) -> None:
        """Note a deadline that is not stored as it is; ``new`` when its stream had none of the name before."""
        key = (row.stream, row.name)
        if new and key not in self._unsaved:
            self._new.add(key)
        self._unsaved[key] = row
        self._near.pop(key, None)
        self._admit(row)

    def drop(self, stream: str, name: str) -> None:
        """Note that a deadline is gone; nothing of it is ever stored when it was new since the last ``saved``."""
        key = (stream, name)
        if key in self._new:
            self._new.discard(key)
            del self._unsaved[key]
        else:
            self._unsaved[key] = None
        self._near.pop(key, None)
        self._tidy()

    def suspend(self, community: str) -> None:
        """Let no deadline of the community come due until ``resume``."""
        self.suspended.add(community)
        self._forget()

    def resume(self, community: str) -> None:
        """Let the community's deadlines come due again."""
        self.suspended.discard(community)
        self._forget()

    def next(self) -> DeadlineRow | None:
        """Return the deadline that is due first; None when there is none or ``incomplete``."""
        while self._order:
            due, stream, name = self._order[0]
            row = self._near.get((stream, name))
            if row is not None and row.due == due:
                return row
            heapq.heappop(self._order)
        return None

    def may_be_due(self, clock: datetime) -> bool:
        """Tell whether something is due at ``clock``, or only the table knows."""
        if self._order and self._order[0][0] > clock:  # whether or not that one still stands: nothing is earlier
            return False
        row = self.next()
        return row.due <= clock if row is not None else self.incomplete

    def due(self, clock: datetime, most: int) -> list[DeadlineRow]:
        """Return those of the window that are due at ``clock``, at most ``most``, in order."""
        rows: list[DeadlineRow] = []
        while len(rows) < most and (row := self.next()) is not None and row.due <= clock:
            heapq.heappop(self._order)
            if not rows or rows[-1] is not row:  # what was moved away and back is in the heap twice
                rows.append(row)
        for row in rows:
            heapq.heappush(self._order, _key(row))
        return rows

    def holds(self, row: DeadlineRow) -> bool:
        """Tell whether ``row`` is still set as it is."""
        return self._near.get((row.stream, row.name)) == row

    @property
    def incomplete(self) -> bool:
        """Whether the window is used up and the table may hold more."""
        return not self._complete and self.next() is None

    @property
    def last(self) -> DeadlineRow | None:
        """The last stored row in the window: ``extend`` wants those after it."""
        return self._last

    def extend(self, rows: Sequence[DeadlineRow], *, complete: bool) -> None:
        """Add the stored rows after ``last``; ``complete`` when the table holds no more."""
        previous, self._last, self._complete = self._last, rows[-1] if rows else self._last, complete
        for row in rows:
            if (row.stream, row.name) not in self._unsaved:
                self._admit(row)
        for change in self._unsaved.values():
            if change is not None and not (previous and _key(change) <= _key(previous)):
                self._admit(change)

    def saved(self) -> None:
        """Note that all changes are stored now."""
        self._unsaved.clear()
        self._new.clear()
        if len(self._near) > 4 * WINDOW:
            self._forget()

    def unsaved(self) -> tuple[tuple[DeadlineRow, ...], tuple[tuple[str, str], ...]]:
        """Return what must be stored: deadlines set, and those dropped."""
        return (
            tuple(row for row in self._unsaved.values() if row is not None),
            tuple(key for key, row in self._unsaved.items() if row is None),
        )

    def _admit(self, row: DeadlineRow) -> None:
        within = self._complete or (self._last is not None and _key(row) <= _key(self._last))
        if within and row.community not in self.suspended:
            self._near[row.stream, row.name] = row
            heapq.heappush(self._order, _key(row))
            self._tidy()

    def _tidy(self) -> None:
        if len(self._order) > 2 * len(self._near) + WINDOW:
            # What was dropped or moved is still in the heap, and would stay until its time.
            self._order = [_key(near) for near in self._near.values()]
            heapq.heapify(self._order)

    def _forget(self) -> None:
        self._near.clear()
        self._order.clear()
        self._last = None
        self._complete = False


def _key(row: DeadlineRow) -> _Key:
    return (row.due, row.stream, row.name)
