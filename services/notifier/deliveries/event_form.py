"""What an integrator is told of a needs-touch: a CloudEvent without texts, and without what it may not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEvent
from shared.contracts.policy import Integrator

CONTENT_TYPE: Final = "application/cloudevents+json"
SENSITIVE: Final = frozenset({"distress", "heated", "moderated", "farewell"})
"""Reasons that say something about a person's state: told as ``check-in`` unless the integrator was granted more."""
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time", "organisation")
_encoder: Final = msgspec.json.Encoder()


def structured(headers: Mapping[str, str], event: NeedsTouchEvent, integrator: Integrator) -> bytes:
    """Return ``event`` as a CloudEvent in structured JSON (CloudEvents 1.0, JSON event format).

    ``headers`` are those of its message in TOUCHES, which hold the attributes.
    """
    told: dict[str, Any] = {name: headers[f"ce-{name}"] for name in _ATTRIBUTES if f"ce-{name}" in headers}
    return _encoder.encode({**told, "datacontenttype": "application/json", "data": shown(event, integrator)})


def shown(event: NeedsTouchEvent, integrator: Integrator) -> NeedsTouchEvent:
    """Return what of ``event`` the integrator may see."""
    if event.reason not in SENSITIVE or "sensitive" in integrator.scopes:
        return event
    if isinstance(event, NeedsTouch):
        return replace(event, reason="check-in", rule="check-in", values={}, thresholds={})
    return replace(event, reason="check-in", cause="check-in")
