"""How much of MEMBER_EVENTS each community holds: measured now and then, and counted in between."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.contracts.subjects import MEMBER_EVENTS, community_subjects

_FRESH_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 5.0
_MOST_COMMUNITIES: Final = 10_000


@dataclass(slots=True, kw_only=True)
class Holding:
    """What one community holds: what this process stored of it, to the byte, and the rest at the stream's mean."""

    own_events: int = 0
    own_bytes: float = 0.0
    others: float = 0.0

    def stored(self, events: int, size: int) -> None:
        """Note so many events more, of ``size`` bytes together."""
        self.own_events += events
        self.own_bytes += size

    def counted(self, events: int, own_before: int, mean: float) -> None:
        """Note that the stream held ``events`` when this process knew of ``own_before``, and ``mean`` bytes in each."""
        if events < own_before:  # some were deleted since, perhaps of the own
            self.own_bytes *= events / own_before
            self.own_events -= own_before - events
        self.others = max(0, events - own_before) * mean

    @property
    def bytes(self) -> float:
        """How many bytes it holds, roughly."""
        return self.own_bytes + self.others


@dataclass(slots=True, kw_only=True)
class _Watched:
    holding: Holding = field(default_factory=Holding)
    bound: int = 0
    fresh_until: float = 0.0
    looking: asyncio.Task[None] | None = None


class Holdings:
    """Looks only at communities that post, in the background: no event waits for it, and a failed look changes nothing.

    The server counts messages by subject, but not their bytes.
    """

    def __init__(self, nc: Client, partitions: int) -> None:
        self._nc = nc
        self._partitions = partitions
        self._watched = lru_cache(_MOST_COMMUNITIES)(lambda _community: _Watched())

    def share(self, community: str, now: float) -> float:
        """Return which part of the stream's bound the community holds, roughly; 0 while it is unknown or unbounded.

        ``now`` is in seconds of any clock that does not jump.
        """
        watched = self._watched(community)
        if now >= watched.fresh_until and watched.looking is None:
            watched.fresh_until = now + _FRESH_SECONDS
            watched.looking = asyncio.create_task(self._look(community, watched))
        return watched.holding.bytes / watched.bound if watched.bound > 0 else 0.0

    def stored(self, community: str, events: int, size: int) -> None:
        """Note that the community holds so many events more, of ``size`` bytes together."""
        self._watched(community).holding.stored(events, size)

    async def _look(self, community: str, watched: _Watched) -> None:
        own_before = watched.holding.own_events
        try:
            request = json.dumps({"subjects_filter": community_subjects(community, self._partitions)}).encode()
            reply = await self._nc.request(f"$JS.API.STREAM.INFO.{MEMBER_EVENTS}", request, timeout=_ANSWER_SECONDS)
            info: dict[str, Any] = json.loads(reply.data)
            if "error" in info:
                return
            state = info["state"]
            mean = state["bytes"] / max(1, state["messages"])
            watched.holding.counted(sum((state.get("subjects") or {}).values()), own_before, mean)
            watched.bound = info["config"]["max_bytes"]
        except (NatsError, TimeoutError):
            return
        finally:
            watched.looking = None
