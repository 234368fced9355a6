"""What ingest answers to senders of events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class EventAnswer:
    """What became of one event; ``field`` and ``reason`` say why it was refused.

    With ``retry_after`` it was refused for a quota: the same event may be taken after so many seconds.
    """

    id: str | None
    source: str | None
    fate: Literal["accepted", "duplicate", "refused"]
    field: str | None = None
    reason: str | None = None
    retry_after: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsAnswer:
    """What became of the events of one request, in their order. Accepted and duplicate events are kept for good."""

    accepted: int
    duplicate: int
    refused: int
    results: tuple[EventAnswer, ...]
