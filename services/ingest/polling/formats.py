"""The platforms that can be polled: how each is asked, and how often."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.ingest.platforms import circle
from services.ingest.platforms.polled import ReadRound


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledFormat:
    """A platform that is polled.

    ``api`` is where it is asked; it, ``every`` (seconds) and ``per_minute`` hold where a source says nothing else.
    ``headers`` carry the secret.
    """

    api: str
    headers: Callable[[str], dict[str, str]]
    read: ReadRound
    every: int
    per_minute: int


def _bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


POLLED: Final[dict[str, PolledFormat]] = {
    "circle": PolledFormat(
        api=circle.API,
        headers=_bearer,
        read=circle.read,
        every=3_600,
        per_minute=60,
    ),
}
