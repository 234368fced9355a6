"""Bringing a partition's states and waiting lines from the store into memory, as handlers ask for them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import chain
from typing import Final, TypeVar

from shared.decider import Refused
from shared.event_store.interface import Store
from shared.partition.understanding import ToFold
from shared.workspace import LineMissing, StateMissing, Workspace

LINE_LENGTH: Final = 500
"""How many of a waiting line are on one page."""

T = TypeVar("T")


class HandlingError(Exception):
    """A handler failed, and nothing of what it did is left; the cause is chained."""


def cause_of(error: Exception) -> Exception:
    """Return what a handler raised, of the error that is raised for it."""
    cause = error.__cause__ if isinstance(error, HandlingError) else error
    return cause if isinstance(cause, Exception) else error


class Loading:
    """Fills ``work`` from ``store``. What is read of a line may be old, so ``settle`` stores what was begun before."""

    def __init__(self, store: Store, work: Workspace, settle: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._work = work
        self._settle = settle

    async def until_done(self, action: Callable[[], T]) -> T:
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
                self._work.undo()
                streams = missing.streams
            except LineMissing as missing:
                self._work.undo()
                line = missing
            except Refused:
                self._work.undo()
                raise
            except Exception as error:
                self._work.undo()
                raise HandlingError(f"{type(error).__name__}: {error}") from error
            if line is not None:
                await self._settle()
                page = await self._store.aside(self._store.waiting, line.line, LINE_LENGTH, line.after)
                self._work.admit_line(line.line, line.after, page, more=len(page) == LINE_LENGTH)
                streams = tuple(place.stream for place in page)
            await self.admit(streams)

    async def known_of(self, all_to_fold: Sequence[ToFold]) -> set[str]:
        """Return the keys of those that were processed before, and load what the others are likely to need."""
        return await self._store.aside(self._prefetch, all_to_fold) if all_to_fold else set()

    async def admit(self, streams: Iterable[str]) -> None:
        """Load those of ``streams`` that are not in memory."""
        missing = self._work.missing(streams)
        if missing:
            self._work.admit(await self._store.aside(self._store.load, missing))

    def _prefetch(self, all_to_fold: Sequence[ToFold]) -> set[str]:
        known = self._store.known([one.delivered.key for one in all_to_fold])
        news = [one.streams for one in all_to_fold if one.delivered.key not in known]
        missing = self._work.missing(chain.from_iterable(news))
        if missing:
            self._work.admit(self._store.load(missing))
        return known
