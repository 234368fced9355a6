"""A turn of the textbook way, and one of the bare loop: each reads a stage's stored stream from its beginning."""

from __future__ import annotations

import json
from typing import Final

from benchmarks.against.textbook import DURABLE
from benchmarks.results import Sample
from benchmarks.stage import Stage
from benchmarks.workload import fill_stream

_EVENTS_A_SECOND: Final = 40_000
"""More than any contestant reads, so that the stream does not end before a turn does."""
_FILL_SECONDS: Final = 30.0
"""Each tenth event becomes a touch five seconds later, by the clock of the stream."""
WARM: Final = 75_000
"""Before so many events nothing is timed: caches fill, Python specialises what it runs, and the first of what the
stream asks for comes due, five of its thirty seconds after it begins."""
_TEXTBOOK_WARM: Final = 20


def events_for(seconds: int) -> int:
    """Return how many events last for a turn of ``seconds`` after the first ``WARM``."""
    return WARM + seconds * _EVENTS_A_SECOND


def warm_of(events: int) -> int:
    """Return before how many of ``events`` nothing is timed: the first ``WARM``, and of few their half."""
    return min(WARM, events // 2)


async def fill(stage: Stage, events: int) -> None:
    """Store so many member events in the stage's MEMBER_EVENTS."""
    async with stage.database():
        await fill_stream(stage.client, events, over=_FILL_SECONDS)


async def bare_loop(stage: Stage, *, events: int, seconds: float) -> Sample:
    """Let the bare loop read for ``seconds`` after the first ``WARM``, or until ``events`` are read."""
    async with stage.database(keep=("MEMBER_EVENTS",)) as database:

        async def read() -> int:
            there = await database.number("SELECT count(to_regclass('bare_position'))")
            return await database.number("SELECT position FROM bare_position") if there else 0

        return await stage.timed(
            "benchmarks.against.bare_loop",
            database.env,
            read,
            most=events,
            seconds=seconds,
            warm=warm_of(events),
        )


async def textbook(stage: Stage, *, events: int, seconds: float) -> Sample:
    """Let the textbook way read for ``seconds``, or until ``events`` are read."""
    async with stage.database(keep=("MEMBER_EVENTS",)) as database:

        async def acked() -> int:
            subject = f"$JS.API.CONSUMER.INFO.MEMBER_EVENTS.{DURABLE}"
            told = json.loads((await stage.client.request(subject, b"", timeout=5)).data)
            return int(told["ack_floor"]["consumer_seq"]) if "ack_floor" in told else 0

        try:
            return await stage.timed(
                "benchmarks.against.textbook",
                database.env,
                acked,
                most=events,
                seconds=seconds,
                warm=_TEXTBOOK_WARM,
            )
        finally:
            await stage.client.request(f"$JS.API.CONSUMER.DELETE.MEMBER_EVENTS.{DURABLE}", b"", timeout=5)
