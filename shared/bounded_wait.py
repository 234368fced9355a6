"""Waiting that comes to its end: for an event, and for a task that was cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable
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


async def to_its_end(work: Awaitable[Any]) -> None:
    """Return when ``work`` has ended, raising what it raises, however often the caller is cancelled meanwhile.

    The cancellation is raised then. For what must be left in order, and ends by itself before long: ``end`` goes on
    cancelling until all is over.
    """
    task = asyncio.ensure_future(work)
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait({task})
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation
    if cancelled is not None:
        raise cancelled from task.exception()
    task.result()


async def until_one_ends(*tasks: asyncio.Task[Any]) -> None:
    """Wait until one of ``tasks`` has ended or the caller is cancelled, end the others, and raise what any raised.

    Several errors are raised as an ExceptionGroup. ``asyncio.TaskGroup`` cancels the others once, and waits for ever
    for one in which a library swallows that.
    """
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await to_its_end(end(*tasks))
    errors = [error for task in tasks if not task.cancelled() and isinstance(error := task.exception(), Exception)]
    if len(errors) > 1:
        raise ExceptionGroup("several tasks failed", errors)
    if errors:
        raise errors[0]
