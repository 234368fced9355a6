"""Platforms beside a watched system: one that sends webhooks well, one whose secret is another, one that is polled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from services.ingest.platforms.telegram import SAMPLE
from tests.polling.circle_records import Circle, post
from tests.polling.fake_platform import FakePlatform

_CIRCLE_TOKEN = "circle-token"
_SECRET_HEADER = "x-telegram-bot-api-secret-token"


class Platforms:
    """They send when they are told to, or are asked every second."""

    def __init__(self, ingest: httpx.Client, circle_url: str) -> None:
        self._ingest = ingest
        settings = {"api": circle_url, "every": 1, "per_minute": 6_000}
        self._add("circle", "main", poll={"format": "circle", "secret": _CIRCLE_TOKEN, "settings": settings})
        self._known = self._add("telegram", "known", hook={"format": "telegram"})
        self._changed = self._add("telegram", "changed", hook={"format": "telegram"})

    def send(self) -> None:
        """Send what is taken, what is not understood, and what another secret signed."""
        headers, sample = SAMPLE
        known = {**headers, _SECRET_HEADER: self._known["secret"]}
        self._ingest.post(self._known["path"], content=sample, headers=known)
        self._ingest.post(self._known["path"], content=b"[]", headers=known)
        self._ingest.post(self._changed["path"], content=sample, headers={**headers, _SECRET_HEADER: "another"})

    def _add(self, platform: str, name: str, **way: Any) -> dict[str, Any]:
        wanted = {"community": "acme", "platform": platform, "name": name, **way}
        answer = self._ingest.post("/v1/sources", json=wanted)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())


@contextmanager
def platforms(ingest: httpx.Client) -> Iterator[Platforms]:
    """Connect them; ``ingest`` is an administrator's."""
    with FakePlatform(Circle(posts=[post(1, -1)]).answer, f"Bearer {_CIRCLE_TOKEN}").serving() as circle:
        yield Platforms(ingest, circle.url)
