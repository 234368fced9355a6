"""Waiting that comes to its end: for an event, and for a task that was cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any


async def wait_set(event: asyncio.Event, seconds: float) -> None:
    """Return when ``event`` is set or ``seconds`` have passed.

    Python 3.11's ``asyncio.wait_for`` swallows a cancellation that arrives in the moment in which the event is set,
    and whoever waits for the cancelled task then waits for ever; ``asyncio.timeout`` does not.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel ``task`` until it has ended, whatever it ends with.

    One cancellation may not be enough: what ``wait_set`` avoids stands in libraries, too.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=1)
