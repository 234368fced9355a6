"""Posting to ingest as platforms do: what is not confirmed is sent again, and somewhere else, until it is."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Any

import httpx
import msgspec

_TIMEOUT_SECONDS = 10.0
_LONGEST_PAUSE = 2.0
_BATCH = "application/cloudevents-batch+json"
_SINGLE = "application/cloudevents+json"


class Sender:
    """Posts to any of ``urls``; ``unexpected`` counts answers that no sender should ever get."""

    def __init__(self, urls: Sequence[str]) -> None:
        self._urls = list(urls)
        self._http = httpx.AsyncClient(timeout=_TIMEOUT_SECONDS, trust_env=False)
        self.unexpected: Counter[str] = Counter()
        self.retries = 0

    async def close(self) -> None:
        await self._http.aclose()

    async def post(self, events: Sequence[dict[str, Any]], token: str, *, first: int = 0) -> None:
        """Return once every event is accepted. ``first`` says where to begin asking."""
        single = len(events) == 1
        body = msgspec.json.encode(events[0] if single else events)
        headers = {"authorization": f"Bearer {token}", "content-type": _SINGLE if single else _BATCH}
        pause, attempt = 0.1, first
        while True:
            url = f"{self._urls[attempt % len(self._urls)]}/v1/events"
            try:
                response = await self._http.post(url, content=body, headers=headers)
            except httpx.TransportError:
                wait = pause
            else:
                why_not = _why_not_kept(response, len(events))
                if why_not is None:
                    return
                if response.status_code not in {429, 503}:
                    self.unexpected[f"{response.status_code}: {why_not}"] += 1
                wait = float(response.headers.get("retry-after", pause))
            attempt += 1
            self.retries += 1
            await asyncio.sleep(min(wait, _LONGEST_PAUSE))
            pause = min(pause * 2, _LONGEST_PAUSE)


def _why_not_kept(response: httpx.Response, count: int) -> str | None:
    """Return None when all ``count`` events are accepted, else why not."""
    try:
        answer = response.json()
        if response.status_code != 200:
            return str(answer.get("detail"))
        refused = [fate for fate in answer["results"] if fate["fate"] == "refused"]
        if refused:
            return f"{refused[0]['field']}: {refused[0]['reason']}"
        return None if len(answer["results"]) == count else f"{len(answer['results'])} of {count} events answered for"
    except ValueError:
        return response.text[:200]
