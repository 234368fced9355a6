"""Waiting for an event, but not for ever."""

from __future__ import annotations

import asyncio
import contextlib


async def wait_set(event: asyncio.Event, seconds: float) -> None:
    """Return when ``event`` is set or ``seconds`` have passed.

    Python 3.11's ``asyncio.wait_for`` swallows a cancellation that arrives in the moment in which the event is set,
    and whoever waits for the cancelled task then waits for ever; ``asyncio.timeout`` does not.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()
