"""The platforms that can be polled: how each is asked, how often, and what a source of it has to be told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.ingest.platforms import circle
from services.ingest.platforms.polled import PollSettings, ReadRound


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """Something that whoever adds a source is asked for: a field of PollSettings, or ``secret``."""

    field: str
    question: str
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolledFormat:
    """A platform that is polled.

    ``api`` is where it is asked by default, None where each community has an address of its own. ``every`` (seconds)
    and ``per_minute`` hold where a source says nothing else. ``headers`` carry the secret.
    """

    api: str | None
    headers: Callable[[PollSettings, str], dict[str, str]]
    read: ReadRound
    every: int
    per_minute: int
    asks: tuple[Asked, ...]


def _bearer(_settings: PollSettings, secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


_PRIVATE: Final = Asked(field="private", question="Ids of private places that may be read, if any")
_SINCE: Final = Asked(field="since", question="From when on it is read, if not from now on")

POLLED: Final[dict[str, PolledFormat]] = {
    "circle": PolledFormat(
        api=circle.API,
        headers=_bearer,
        read=circle.read,
        every=3_600,
        per_minute=60,
        asks=(
            Asked(field="secret", question="Admin API token (V2), from Developers → Tokens", required=True),
            _PRIVATE,
            _SINCE,
            Asked(field="every", question="Seconds from one round to the next (3600)"),
        ),
    ),
}
