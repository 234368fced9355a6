"""Webhooks of any JSON, read by the mapping that the source was given. Pure."""

from __future__ import annotations

from typing import Any, Final

from services.ingest.platforms.mapping import mapped
from services.ingest.platforms.reading import NO_CONCERN, Delivery, HookSettings, Reading, decoded

SAMPLE: Final = ({"content-type": "application/json"}, b"{}")


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    found = mapped(settings.mapping, decoded(delivery.body, Any), delivery.arrived)
    if found.problems:
        return found
    return found.facts or NO_CONCERN
