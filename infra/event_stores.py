"""The event-sourced services, and how each one's streams are stored."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from services.notifier.service import notifier_codec
from services.triage.service import triage_codec
from shared.event_store.codec import EventCodec

CODECS: Final[dict[str, Callable[[], EventCodec]]] = {"triage": triage_codec, "notifier": notifier_codec}
