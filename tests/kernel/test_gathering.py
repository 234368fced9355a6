from __future__ import annotations

import asyncio
import math
import time

import pytest

from shared.gathering import _GATHER_SECONDS, _LOAD, _LOAD_SECONDS, Gathering


async def test_what_comes_by_itself_is_told_at_once() -> None:
    arrived = asyncio.Event()
    gathering = Gathering(arrived, enough=1000)
    gathering.taken(1)
    gathering.came(3, 3, time.monotonic())
    assert arrived.is_set()


def due(gathering: Gathering) -> float:
    """When a crowd is told of, by the loop's clock, which is ``time.monotonic``."""
    assert gathering._telling is not None
    return gathering._telling.when()


_UNDER_LOAD = math.ceil(_LOAD * _GATHER_SECONDS)


@pytest.mark.parametrize(
    ("taken", "seconds"), [(_UNDER_LOAD - 1, _GATHER_SECONDS), (_UNDER_LOAD, _LOAD_SECONDS), (1000, _LOAD_SECONDS)]
)
async def test_a_crowd_waits_for_longer_under_load(taken: int, seconds: float) -> None:
    arrived = asyncio.Event()
    gathering = Gathering(arrived, enough=1000)
    gathering.taken(1)
    gathering.taken(taken)
    began = time.monotonic()
    gathering.came(50, 50, began)
    assert not arrived.is_set()
    assert 0.9 * seconds < due(gathering) - began < seconds + 0.5
    async with asyncio.timeout(60):
        await arrived.wait()
    assert time.monotonic() - began > 0.9 * seconds


async def test_under_load_the_first_of_a_crowd_waits_for_the_rest() -> None:
    arrived = asyncio.Event()
    gathering = Gathering(arrived, enough=1000)
    gathering.taken(1)
    gathering.taken(1000)
    gathering.came(1, 1, time.monotonic())
    assert not arrived.is_set()
    gathering.stop()


async def test_a_crowd_after_a_quiet_time_is_no_load() -> None:
    arrived = asyncio.Event()
    gathering = Gathering(arrived, enough=1000)
    gathering.taken(_UNDER_LOAD)  # the first that were ever taken
    began = time.monotonic()
    gathering.came(50, 50, began)
    assert not arrived.is_set()
    assert due(gathering) - began < 0.9 * _LOAD_SECONDS
    async with asyncio.timeout(60):
        await arrived.wait()


async def test_a_crowd_that_is_enough_does_not_wait() -> None:
    arrived = asyncio.Event()
    gathering = Gathering(arrived, enough=1000)
    gathering.taken(1000)
    gathering.came(999, 999, time.monotonic())
    assert not arrived.is_set()
    gathering.came(1, 1000, time.monotonic())
    assert arrived.is_set()
