"""Repeated attempts at one publication, within a bounded time."""

from __future__ import annotations

import asyncio
from typing import Final

from nats.aio.client import Client
from nats.errors import NoRespondersError

_FIRST_ATTEMPT_SECONDS: Final = 2.0
_LONGEST_ATTEMPT_SECONDS: Final = 4.0
"""What is sent to a stream without a leader is never answered: the next attempt must not come too late."""
_PAUSE_SECONDS: Final = 0.05


class PublishUnavailableError(Exception):
    """NATS did not confirm in time. Some messages may be stored: publishing the same ids again is harmless."""


class RetryableError(Exception):
    """The server refused for a reason that may pass."""


class Attempts:
    """Repeated attempts at one publication, until a deadline; ``uncertain`` once one may have been stored unseen.

    With ``once`` there is a single attempt, and only while the connection stands.
    """

    def __init__(self, deadline: float, stream: str, *, once: bool = False) -> None:
        self._clock = asyncio.get_running_loop()
        self._deadline = deadline
        self._stream = stream
        self._once = once
        self._seconds = _LONGEST_ATTEMPT_SECONDS if once else _FIRST_ATTEMPT_SECONDS
        self._last: Exception | None = None
        self.uncertain = False

    async def next(self, nc: Client) -> float:
        """Return for how long to wait for the confirmation; raises PublishUnavailableError when time is up."""
        while True:
            left = self._deadline - self._clock.time()
            over = self._once and (self._last is not None or not nc.is_connected)
            if left <= 0 or nc.is_closed or over:
                why = "the connection is closed" if nc.is_closed else self._last or "not connected"
                raise PublishUnavailableError(f"NATS did not confirm a publication to {self._stream}: {why!s}")
            if self._last is not None or not nc.is_connected:
                await asyncio.sleep(_PAUSE_SECONDS)
            if nc.is_connected:
                return min(self._seconds, left)

    def failed(self, error: Exception) -> None:
        """Note an attempt that was not confirmed."""
        self._last = error if str(error) else type(error)(type(error).__name__)
        self._seconds = min(self._seconds * 2, _LONGEST_ATTEMPT_SECONDS)
        if not isinstance(error, NoRespondersError | RetryableError):
            self.uncertain = True
