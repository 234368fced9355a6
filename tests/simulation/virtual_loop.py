"""An event loop without I/O, whose time passes only when it is told to."""

from __future__ import annotations

import asyncio
import selectors
from typing import Any


class _NothingHappens(selectors.SelectSelector):
    """Waits for nothing: instead of sleeping it lets the loop's time run, up to where the loop may go."""

    loop: VirtualLoop

    def select(self, timeout: float | None = None) -> list[Any]:
        if timeout is None or timeout > 0:
            self.loop.skip(timeout)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """Runs tasks until all of them wait; the seconds that they wait for pass at once, or not at all."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._until = 0.0
        selector = _NothingHappens()
        selector.loop = self
        super().__init__(selector)

    def time(self) -> float:
        return self._seconds

    def run_idle(self, seconds: float = 0.0) -> None:
        """Let everything happen that can within so many seconds of the loop's time."""
        self._until = self._seconds + seconds
        self.run_forever()

    def skip(self, timeout: float | None) -> None:
        """Go to the next timer; stop where that is later than the loop may go."""
        if timeout is None or self._seconds + timeout > self._until:
            self._seconds = self._until
            self.stop()
        else:
            self._seconds += timeout
