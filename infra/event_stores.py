"""The event-sourced services: how each one's streams are stored, and whose imports suspend their deadlines."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from services.notifier.service import NotifierService, notifier_codec
from services.triage.service import TriageService, triage_codec
from shared.event_store.codec import EventCodec


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreKind:
    """What is to be known of a service's store; ``community_of`` is by stream."""

    codec: Callable[[], EventCodec]
    community_of: Callable[[str], str]


STORES: Final = {
    "triage": StoreKind(codec=triage_codec, community_of=TriageService().community_of),
    "notifier": StoreKind(codec=notifier_codec, community_of=NotifierService(0, 1).community_of),
}
