"""What an integrator is told of a needs-touch: a CloudEvent without texts, and without what it may not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from shared.contracts.needs_touch import NeedsTouch, NeedsTouchEvent, NeedsTouchRevised, TouchReason
from shared.contracts.policy import Integrator

CONTENT_TYPE: Final = "application/cloudevents+json"
SENSITIVE: Final = frozenset({"distress", "heated", "moderated", "farewell"})
"""Reasons that say something about a person's state: told as ``check-in`` unless the integrator was granted more."""
CHECK_IN: Final = "check-in"
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
    if "sensitive" in integrator.scopes:
        return event
    if isinstance(event, NeedsTouch):
        return _touch(event)
    if isinstance(event, NeedsTouchRevised):
        event = replace(event, remains=_touch(event.remains))
    return replace(event, reason=CHECK_IN, cause=CHECK_IN) if event.reason in SENSITIVE else event


def _touch(touch: NeedsTouch) -> NeedsTouch:
    """Return the touch with its sensitive reasons told as check-ins; why it matters is then not told at all."""
    if not (_is_sensitive(touch) or any(map(_is_sensitive, touch.reasons))):
        return touch
    reasons = tuple(_check_in(one, touch.about) if _is_sensitive(one) else one for one in touch.reasons)
    told = replace(touch, reasons=reasons, why=None)
    if not _is_sensitive(touch):
        return told
    return replace(told, reason=CHECK_IN, rule=CHECK_IN, values={}, thresholds={})


def _is_sensitive(one: NeedsTouch | TouchReason) -> bool:
    """Tell whether the reason says something about a person's state, or names one that does, as a follow-up may."""
    return one.reason in SENSITIVE or any(value in SENSITIVE for value in one.values.values())


def _check_in(one: TouchReason, about: str) -> TouchReason:
    """Return a sensitive reason as it is told; the stream that found it would tell what it is."""
    return TouchReason(
        reason=CHECK_IN,
        about=about,
        member=one.member,
        segment=one.segment,
        conversation=one.conversation,
        since=one.since,
        at=one.at,
        urgency=one.urgency,
        care_load=one.care_load,
        evidence=one.evidence,
        rule=CHECK_IN,
        policy_version=one.policy_version,
        values={},
        thresholds={},
        revision=one.revision,
    )
