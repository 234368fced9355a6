"""Waiting that comes to its end: for an event, and for a task that was cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Coroutine
from typing import Any, Final

_INSIST_SECONDS: Final = 0.2


async def wait_set(event: asyncio.Event, seconds: float) -> None:
    """Return when ``event`` is set or ``seconds`` have passed.

    Python 3.11's ``asyncio.wait_for`` swallows a cancellation that arrives in the moment in which the event is set,
    and whoever waits for the cancelled task then waits for ever; ``asyncio.timeout`` does not.
    """
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await event.wait()


@contextlib.asynccontextmanager
async def once_set(event: asyncio.Event) -> AsyncIterator[None]:
    """Wait until ``event`` is set and clear it; should the body fail, it is set again: what it told is still to do."""
    await event.wait()
    event.clear()
    try:
        yield
    except BaseException:
        event.set()
        raise


async def end(*tasks: asyncio.Task[Any]) -> None:
    """Cancel ``tasks`` until all have ended, whatever they end with.

    One cancellation may not be enough: what ``wait_set`` avoids stands in libraries, too.
    """
    going = {task for task in tasks if not task.done()}
    while going:
        for task in going:
            task.cancel()
        # Not awaited themselves: their cancellation must not be taken for ours.
        _, going = await asyncio.wait(going, timeout=_INSIST_SECONDS)


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Return when ``work`` has ended, raising what it raises, however often the caller is cancelled meanwhile.

    For what must be left in order, and ends by itself before long, where a cancellation is on its way already: ``end``
    goes on cancelling until all is over.
    """
    task = asyncio.ensure_future(work)
    while not task.done():
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wait({task})
    task.result()


async def until_one_ends(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one of ``tasks`` has ended or the caller is cancelled, end the others, and raise what any raised.

    Several errors are raised as an ExceptionGroup. ``asyncio.TaskGroup`` cancels the others once, and waits for ever
    for one in which a library swallows that.
    """
    cancelled: asyncio.CancelledError | None = None
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    except asyncio.CancelledError as cancellation:
        cancelled = cancellation
    while True:
        try:
            await end(*tasks)
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
        else:
            break
    if cancelled is not None:
        raise cancelled
    errors = [error for task in tasks if not task.cancelled() and isinstance(error := task.exception(), Exception)]
    if len(errors) > 1:
        raise ExceptionGroup("several tasks failed", errors)
    if errors:
        raise errors[0]
