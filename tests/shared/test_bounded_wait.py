"""What is cancelled ends, also where a library swallows a cancellation."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from shared.bounded_wait import to_its_end, until_one_ends


class BrokenError(Exception):
    pass


async def broken() -> None:
    await asyncio.sleep(0)
    raise BrokenError


class Stubborn:
    """Swallows so many cancellations, as a library does that is cancelled in the moment in which it is answered."""

    def __init__(self, cancellations: int) -> None:
        self.left = cancellations
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while self.left:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.Event().wait()
            self.left -= 1
        await asyncio.Event().wait()


async def test_when_one_fails_the_other_ends_though_it_swallows_a_cancellation() -> None:
    stubborn = Stubborn(1)
    async with asyncio.timeout(60):
        with pytest.raises(BrokenError):
            await until_one_ends(asyncio.create_task(broken()), stubborn.task)
    assert stubborn.task.cancelled()


async def test_errors_of_several_are_all_told() -> None:
    with pytest.raises(ExceptionGroup) as told:
        await until_one_ends(asyncio.create_task(broken()), asyncio.create_task(broken()))
    assert [type(error) for error in told.value.exceptions] == [BrokenError, BrokenError]


async def test_whoever_cancels_again_and_again_finds_all_ended() -> None:
    stubborn = Stubborn(2)
    whole = asyncio.create_task(until_one_ends(stubborn.task))
    await asyncio.sleep(0)  # else the first cancellation comes before it begins
    async with asyncio.timeout(60):
        while not whole.done():
            whole.cancel()
            await asyncio.wait({whole}, timeout=0.01)
    assert whole.cancelled()
    assert stubborn.task.cancelled()


async def test_one_that_ends_in_peace_ends_the_others() -> None:
    other = asyncio.create_task(asyncio.Event().wait())
    await until_one_ends(asyncio.create_task(asyncio.sleep(0)), other)
    assert other.cancelled()


async def test_what_must_be_done_is_done_however_often_whoever_waits_is_cancelled_and_they_are_cancelled_then() -> None:
    begun, may_end, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def work() -> None:
        begun.set()
        await may_end.wait()
        done.set()

    whole = asyncio.create_task(to_its_end(work()))
    await begun.wait()
    for _ in range(3):
        whole.cancel()
        await asyncio.wait({whole}, timeout=0.01)
    assert not whole.done()
    may_end.set()
    with pytest.raises(asyncio.CancelledError):
        await whole
    assert done.is_set()


async def test_what_fails_on_its_way_to_its_end_is_told() -> None:
    with pytest.raises(BrokenError):
        await to_its_end(broken())
