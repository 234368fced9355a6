"""The states that a partition used last, in memory for as long as there is room."""

from __future__ import annotations

from collections import OrderedDict
from typing import Any, Final

from msgspec import Struct

from shared.decider import Deadline, Decider

CACHE_BYTES: Final = 32 * 1024 * 1024
"""What the states in the memory of a process may take, by their encoded size and an overhead; Python takes up to twice
as much. All its partitions share it."""
_ENTRY_OVERHEAD_BYTES: Final = 600


class Entry(Struct, gc=False):
    """Of one state, and never changed to another.

    ``size`` is that of what was stored of the stream last, ``since`` that of its events since then; ``earlier_form``
    when an earlier build stored it.
    """

    decider: Decider[Any]
    version: int
    state: Any
    size: int
    since: int = 0
    earlier_form: bool = False
    deadlines: tuple[Deadline, ...] | None = None
    """What the decider says of the state, once it was asked."""


def deadlines_of(entry: Entry) -> tuple[Deadline, ...]:
    """Return the deadlines that the decider sets by the entry's state."""
    if entry.deadlines is None:
        entry.deadlines = entry.decider.deadlines(entry.state)
    return entry.deadlines


class RecentStates:
    """The entries that were used last, as many as there is room for."""

    def __init__(self, most_bytes: int) -> None:
        self._most = most_bytes
        self._bytes = 0
        self._entries: OrderedDict[str, Entry] = OrderedDict()

    def get(self, stream: str) -> Entry | None:
        """Return the stream's entry, used just now; None where there is none."""
        entry = self._entries.get(stream)
        if entry is not None:
            self._entries.move_to_end(stream)
        return entry

    def put(self, stream: str, entry: Entry) -> None:
        """Keep the stream's entry in place of the one before; nothing of it when it is larger than all the room."""
        before = self._entries.pop(stream, None)
        if before is not None:
            self._bytes -= _memory_of(before)
        taken = _memory_of(entry)
        if taken > self._most:
            return
        self._entries[stream] = entry
        self._bytes += taken
        while self._bytes > self._most:
            self._bytes -= _memory_of(self._entries.popitem(last=False)[1])


def _memory_of(entry: Entry) -> int:
    return entry.size + entry.since + _ENTRY_OVERHEAD_BYTES
