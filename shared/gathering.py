"""When whoever takes messages is told of them: at once, or a while after the last time where messages crowd."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from typing import Final

_CROWD: Final = 4
_CROWD_SECONDS: Final = 0.05
_GATHER_SECONDS: Final = 0.25
"""What a batch costs is paid for each, however small: when messages come as fast as that, they are let to gather."""
_LOAD: Final = 50.0
"""Messages a second, from which on a reader is under load: it lets them gather for longer."""
_LOAD_SECONDS: Final = 1.0


class Gathering:
    """Sets ``arrived`` for each message that comes by itself, and for a crowd once it is ``enough`` or has waited.

    Under load, whatever comes is of the crowd: the first few of what was sent together often come before the rest.
    """

    def __init__(self, arrived: asyncio.Event, *, enough: int) -> None:
        self._arrived = arrived
        self._enough = enough
        self._newest: deque[float] = deque(maxlen=_CROWD)
        self._taken = -_GATHER_SECONDS
        self._under_load = False
        self._telling: asyncio.TimerHandle | None = None

    def came(self, count: int, waiting: int, now: float) -> None:
        """Take note of ``count`` messages that came just ``now`` (``time.monotonic``): ``waiting`` are, with them."""
        newest = self._newest
        newest.extend([now] * min(count, _CROWD))
        until = self._taken + (_LOAD_SECONDS if self._under_load else _GATHER_SECONDS)
        crowded = len(newest) == _CROWD and now - newest[0] < _CROWD_SECONDS
        if not (crowded or self._under_load) or until <= now or waiting >= self._enough:
            self._tell()
        elif self._telling is None:
            self._telling = asyncio.get_running_loop().call_later(until - now, self._tell)

    def taken(self, count: int) -> None:
        """Take note that so many messages were taken just now."""
        now = time.monotonic()
        self._under_load = count >= _LOAD * max(now - self._taken, _GATHER_SECONDS)
        self._taken = now

    def stop(self) -> None:
        """Tell nothing any more."""
        if self._telling is not None:
            self._telling.cancel()
            self._telling = None

    def _tell(self) -> None:
        self.stop()
        self._arrived.set()
