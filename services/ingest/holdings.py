"""How much of MEMBER_EVENTS each community holds: measured now and then, and counted in between."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from typing import Any, Final

from cachetools import LRUCache
from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.contracts.subjects import MEMBER_EVENTS, community_subjects

_FRESH_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 5.0
_MOST_COMMUNITIES: Final = 10_000


@dataclass(slots=True, kw_only=True)
class _Holding:
    measured: float = 0.0
    added: int = 0
    bound: int = 0
    fresh_until: float = 0.0
    looking: asyncio.Task[None] | None = None


class Holdings:
    """Looks only at communities that post, in the background: no event waits for it, and a failed look changes nothing.

    The server counts messages by subject; their bytes are taken to be as many as the stream's mean.
    """

    def __init__(self, nc: Client, partitions: int) -> None:
        self._nc = nc
        self._partitions = partitions
        self._holdings: LRUCache[str, _Holding] = LRUCache(_MOST_COMMUNITIES)

    def share(self, community: str, now: float) -> float:
        """Return which part of the stream's bound the community holds, roughly; 0 while it is unknown or unbounded.

        ``now`` is in seconds of any clock that does not jump.
        """
        holding = self._holding(community)
        if now >= holding.fresh_until and holding.looking is None:
            holding.fresh_until = now + _FRESH_SECONDS
            holding.looking = asyncio.create_task(self._look(community, holding))
        return (holding.measured + holding.added) / holding.bound if holding.bound > 0 else 0.0

    def add(self, community: str, size: int) -> None:
        """Note that the community is about to hold ``size`` bytes more."""
        self._holding(community).added += size

    def _holding(self, community: str) -> _Holding:
        holding = self._holdings.get(community)
        if holding is None:
            holding = self._holdings[community] = _Holding()
        return holding

    async def _look(self, community: str, holding: _Holding) -> None:
        counted_before = holding.added
        try:
            request = json.dumps({"subjects_filter": community_subjects(community, self._partitions)}).encode()
            reply = await self._nc.request(f"$JS.API.STREAM.INFO.{MEMBER_EVENTS}", request, timeout=_ANSWER_SECONDS)
            info: dict[str, Any] = json.loads(reply.data)
            if "error" in info:
                return
            state = info["state"]
            messages = sum((state.get("subjects") or {}).values())
            holding.measured = messages * state["bytes"] / max(1, state["messages"])
            holding.bound = info["config"]["max_bytes"]
            holding.added -= counted_before
        except (NatsError, TimeoutError):
            return
        finally:
            holding.looking = None
