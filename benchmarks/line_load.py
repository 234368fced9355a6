"""Load for a whole Warmline: arrays of events by HTTP, held back while the line is far behind."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import msgspec

from benchmarks.http_load import ARRAY, connect, request
from benchmarks.results import Sample
from benchmarks.stage import TOKEN
from benchmarks.system import Seen, System
from benchmarks.workload import COMMUNITIES, posted_bodies

ARRAY_EVENTS: Final = 500
_CONNECTIONS: Final = 3
_PREPARED: Final = 4
"""Arrays that are made at a time: few, since nothing is sent meanwhile."""
_MOST_BEHIND: Final = 15_000
_LOOK_SECONDS: Final = 0.25
_STUCK_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Through:
    """What went through the whole line between two looks."""

    before: Seen
    after: Seen

    @property
    def events(self) -> float:
        """Events that triage, history, queue and assignment all are through with.

        Where fewer touches were routed or put into the queue than were raised, as many fewer events count.
        """
        before, after = self.before, self.after
        raised = after.raised - before.raised
        routed = min(after.routed - before.routed, after.queued - before.queued)
        share = min(1.0, routed / raised) if raised > 0 else 1.0
        return min(after.triage - before.triage, after.history - before.history) * share

    def cpu_us_of(self, part: str) -> float:
        """Return microseconds of processor time of one part for each event."""
        return (self.after.cpu_of[part] - self.before.cpu_of[part]) / self.events * 1e6

    def sample(self, events: float | None = None) -> Sample:
        """Return it as what one round gave."""
        before, after = self.before, self.after
        counted = before.fsyncs is not None and after.fsyncs is not None
        return Sample(
            events=int(self.events if events is None else events),
            seconds=after.at - before.at,
            cpu=after.cpu - before.cpu,
            fsyncs=(after.fsyncs or 0) - (before.fsyncs or 0) if counted else None,
        )


class Load:
    """Posts events numbered from ``first`` on, each number once; a later call goes on where the earlier ended.

    Whether questions are ``answered`` later on is as in ``member_events``.
    """

    def __init__(self, system: System, *, first: int = 0, answered: bool = False) -> None:
        self._system = system
        self._next = first
        self._answered = answered
        self._behind = asyncio.Event()

    async def run(self, seconds: float, *, warm: float = 6.0) -> Through:
        """Load the line for ``warm`` seconds, and then for ``seconds`` between two looks.

        Touches come some seconds after their cause: that long it takes until the line carries all that it will.
        """
        stop = asyncio.Event()
        free = asyncio.Event()
        async with asyncio.TaskGroup() as group:
            bodies = self._bodies()
            for _ in range(_CONNECTIONS):
                group.create_task(_send(self._system.run.ingest_url, bodies, stop, free))
            group.create_task(self._hold_back(stop, free))
            await asyncio.sleep(warm)
            before = await self._system.seen()
            await asyncio.sleep(seconds)
            after = await self._system.seen()
            stop.set()
            free.set()
        return Through(before=before, after=after)

    async def through(self, count: int) -> None:
        """Load the line with ``count`` events, and wait until triage and history are through with all that is stored.

        Raises TimeoutError when nothing moves for minutes.
        """
        stop, free = asyncio.Event(), asyncio.Event()
        url = self._system.run.ingest_url
        async with asyncio.TaskGroup() as group:
            bodies = self._bodies(self._next + count)
            holding = group.create_task(self._hold_back(stop, free))
            await asyncio.gather(*(_send(url, bodies, stop, free) for _ in range(_CONNECTIONS)))
            holding.cancel()
        await self._caught_up(await self._system.stored() - COMMUNITIES)

    async def _caught_up(self, events: int) -> None:
        last, moved = -1, time.monotonic()
        while True:
            now = await self._system.reached()
            done = min(now.triage, now.history)
            if done >= events:
                return
            if done > last:
                last, moved = done, time.monotonic()
            if time.monotonic() - moved > _STUCK_SECONDS:
                raise TimeoutError(f"it stands still at {done} of {events} events")
            await asyncio.sleep(_LOOK_SECONDS)

    async def settled(self, seconds: float = 120) -> None:
        """Wait until the line has caught up with all that was posted."""
        deadline = time.monotonic() + seconds
        while (await self._system.reached()).history < self._next:
            if time.monotonic() > deadline:
                raise TimeoutError("the line does not catch up")
            await asyncio.sleep(_LOOK_SECONDS)

    def _bodies(self, end: float = math.inf) -> Iterator[bytes]:
        while self._next < end:
            count = int(min(_PREPARED * ARRAY_EVENTS, end - self._next))
            events = posted_bodies(count, first=self._next, answered=self._answered)
            for start in range(0, len(events), ARRAY_EVENTS):
                array = events[start : start + ARRAY_EVENTS]
                self._next += len(array)
                body = msgspec.json.encode(array)
                yield request("POST", "/v1/events", TOKEN, body, ARRAY)

    async def _hold_back(self, stop: asyncio.Event, free: asyncio.Event) -> None:
        while not stop.is_set():
            now = await self._system.reached()
            if self._next - min(now.triage, now.history) < _MOST_BEHIND:
                free.set()
            else:
                free.clear()
            await asyncio.sleep(_LOOK_SECONDS)
        free.set()


async def _send(url: str, bodies: Iterator[bytes], stop: asyncio.Event, free: asyncio.Event) -> None:
    connection = await connect(url)
    try:
        while not stop.is_set():
            await free.wait()
            body = next(bodies, None)
            if body is None:
                return
            answered = None
            while answered is None:
                if connection.closed:  # it was held back for longer than the server keeps an idle connection
                    connection = await connect(url)
                with contextlib.suppress(ConnectionError):  # or just as long: what was taken is taken once
                    answered = await connection.ask(body)
            status, answer = answered
            if status != 200 or b'"refused":0' not in answer:
                raise RuntimeError(f"HTTP {status}: {answer[:500].decode(errors='replace')}")
    finally:
        connection.close()
