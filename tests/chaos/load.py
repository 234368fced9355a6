"""The load: each community's webhook, with posts sent twice, late and in another order, as platforms do."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from typing import Any

from shared.bounded_wait import end
from tests.chaos.accepted import Accepted
from tests.chaos.sending import Sender
from tests.chaos.talk import Talk
from tests.chaos.world import COMMUNITIES, SOURCE

_LARGEST_POST = 50
_SINGLES = 0.4
_TWICE, _LATE = 0.08, 0.15
_LATE_SECONDS = 4.0
_IN_FLIGHT = 12
"""So many posts a source has under way at most: while nothing is accepted, it waits."""


class Load:
    """Posts events of every community, one or two posts each ``every`` seconds, from ``start`` to ``finish``.

    A post has ``largest`` events at most, and most have so many.
    """

    def __init__(
        self,
        sender: Sender,
        accepted: Accepted,
        tokens: Mapping[str, str],
        *,
        seed: int,
        every: float,
        largest: int = _LARGEST_POST,
    ) -> None:
        self._sender = sender
        self._accepted = accepted
        self._tokens = tokens
        self._seed = seed
        self._every = every
        self._largest = largest
        self._talks = {community: Talk(community, str(seed)) for community in COMMUNITIES}
        self._sources: list[asyncio.Task[None]] = []
        self._under_way: set[asyncio.Task[None]] = set()

    def start(self) -> None:
        self._sources = [asyncio.create_task(self._speak(community)) for community in COMMUNITIES]

    async def finish(self) -> None:
        """Post nothing new, and return when all that was posted is accepted."""
        await end(*self._sources)
        while self._under_way:
            await asyncio.gather(*self._under_way)

    async def abandon(self) -> None:
        await end(*self._sources, *self._under_way)

    async def _speak(self, community: str) -> None:
        talk, draw = self._talks[community], random.Random(f"{self._seed} {community} posts")
        loop = asyncio.get_running_loop()
        places = asyncio.Semaphore(_IN_FLIGHT)
        due = loop.time()
        while True:
            for size in (1, draw.randrange(2, self._largest)) if draw.random() < _SINGLES else (self._largest,):
                events = [talk.next() for _ in range(size)]
                late = draw.random() * _LATE_SECONDS if draw.random() < _LATE else 0.0
                for _ in range(2 if draw.random() < _TWICE else 1):
                    await places.acquire()
                    task = asyncio.create_task(self._post(community, events, late, draw.randrange(2)))
                    self._under_way.add(task)
                    task.add_done_callback(self._under_way.discard)
                    task.add_done_callback(lambda _: places.release())
            # What an outage kept back is not made up for: the load stays steady.
            due = max(due + self._every, loop.time())
            await asyncio.sleep(due - loop.time())

    async def _post(self, community: str, events: list[dict[str, Any]], late: float, first: int) -> None:
        await asyncio.sleep(late)
        await self._sender.post(events, self._tokens[community], first=first)
        self._accepted.note(community, SOURCE, [event["id"] for event in events])
