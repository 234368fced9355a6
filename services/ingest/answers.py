"""What ingest answers to senders of events."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct


class EventAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """What became of one event; ``field`` and ``reason`` say why it was refused.

    With ``retry_after`` it was refused for a quota: the same event may be taken after so many seconds.
    """

    id: str | None
    source: str | None
    fate: Literal["accepted", "duplicate", "refused"]
    field: str | None = None
    reason: str | None = None
    retry_after: int | None = None


class EventsAnswer(Struct, frozen=True, kw_only=True, gc=False):
    """What became of the events of one request, in their order. Accepted and duplicate events are kept for good."""

    accepted: int
    duplicate: int
    refused: int
    results: tuple[EventAnswer, ...]
