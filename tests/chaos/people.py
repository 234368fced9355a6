"""The people: they claim and settle touches through the API, each with one command id however often they must ask."""

from __future__ import annotations

import asyncio
import random
import uuid
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx

from shared.bounded_wait import end
from tests.chaos.world import COMMUNITIES

_TIMEOUT_SECONDS = 8.0
_PAUSE_SECONDS = 0.5
_AT_ONCE = 2


class People:
    """``settled`` are the touches that somebody was told are settled."""

    def __init__(self, urls: Sequence[str], token: str, seed: int) -> None:
        self._urls = list(urls)
        self._http = httpx.AsyncClient(
            timeout=_TIMEOUT_SECONDS, trust_env=False, headers={"authorization": f"Bearer {token}"}
        )
        self._draw = random.Random(seed)
        self._tasks: list[asyncio.Task[None]] = []
        self.settled: set[str] = set()
        self.unexpected: Counter[str] = Counter()

    def start(self) -> None:
        self._tasks = [asyncio.create_task(self._care(community)) for community in COMMUNITIES for _ in range(_AT_ONCE)]

    async def finish(self) -> None:
        await end(*self._tasks)
        await self._http.aclose()

    async def _care(self, community: str) -> None:
        while True:
            page = await self._ask("GET", f"/queue?state=assigned&limit=20&community={community}")
            items = page["items"] if page else []
            if items:
                await self._take_care_of(self._draw.choice(items))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _take_care_of(self, item: dict[str, Any]) -> None:
        path = f"/touches/{item['id']}"
        action = {"responder": item["responder"]["name"], "revision": item["revision"]}
        claimed = await self._act(f"{path}/claim", action)
        if claimed is None:
            return
        settled = await self._act(f"{path}/settle", {**action, "revision": claimed["revision"], "outcome": "reached"})
        if settled is not None:
            self.settled.add(item["id"])

    async def _act(self, path: str, action: dict[str, Any]) -> dict[str, Any] | None:
        return await self._ask("POST", path, {**action, "command_id": str(uuid.uuid4())})

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """Return the answer, asking until there is one; None when it is that this cannot be done (any more)."""
        while True:
            url = f"{self._draw.choice(self._urls)}/api/v1{path}"
            try:
                response = await self._http.request(method, url, json=body)
            except httpx.TransportError:
                pass
            else:
                if response.is_success:
                    answer: dict[str, Any] = response.json()
                    return answer
                if response.status_code in {404, 409}:
                    return None
                if response.status_code != 503:
                    self.unexpected[f"{response.status_code} {path.rpartition('/')[2]} {response.text[:200]}"] += 1
            await asyncio.sleep(_PAUSE_SECONDS)
