"""The dead man's switch: an address elsewhere that is asked for while all is well, and raises alarm once it is not."""

from __future__ import annotations

import asyncio

import httpx
import structlog

from shared.bounded_wait import end

_TIMEOUT_SECONDS = 10.0
_STEADY_LOOKS = 2
"""So many looks in a row must have been well: what comes and goes at every other look is not."""
_log = structlog.get_logger()


class DeadMansSwitch:
    """Pulses ``url`` (HTTP GET, as healthchecks.io and others take it) every ``seconds`` while all is well.

    A pulse that fails is logged, and the next one is sent at its time. Nothing but the pulse is sent there.
    """

    def __init__(self, url: str, seconds: float, client: httpx.AsyncClient) -> None:
        self._url = url
        self._seconds = seconds
        self._client = client
        self._next = 0.0
        self._well = _STEADY_LOOKS
        self._pulsing: asyncio.Task[None] | None = None
        self.pulses = 0
        """How many were taken."""

    def tell(self, now: float, *, well: bool) -> None:
        """Say how things are at ``now`` (seconds that only grow): pulse if it is time and all is steadily well."""
        self._well = self._well + 1 if well else 0
        if not well:
            self._next = 0.0  # once it is mended, soon
        elif self._well >= _STEADY_LOOKS and now >= self._next and (self._pulsing is None or self._pulsing.done()):
            self._next = now + self._seconds
            self._pulsing = asyncio.create_task(self._pulse(), name="pulse the dead man's switch")

    async def close(self) -> None:
        """Let go of a pulse that is under way."""
        if self._pulsing is not None:
            await end(self._pulsing)

    async def _pulse(self) -> None:
        try:
            response = await self._client.get(self._url, timeout=_TIMEOUT_SECONDS)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            # The address itself is a secret.
            _log.warning("deadman.failed", error=type(error).__name__, next_in=self._seconds)
            return
        if response.is_success:
            self.pulses += 1
        else:
            _log.warning("deadman.failed", status=response.status_code, next_in=self._seconds)
