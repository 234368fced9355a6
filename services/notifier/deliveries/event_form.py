"""What an integrator is told of a needs-touch: a CloudEvent without texts, and without what it may not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from shared.contracts.needs_touch import (
    CONTRADICTED_BY,
    NeedsTouch,
    NeedsTouchEvent,
    NeedsTouchRevised,
    Scalar,
    TouchReason,
)
from shared.contracts.policy import Integrator

CONTENT_TYPE: Final = "application/cloudevents+json"
SENSITIVE: Final = frozenset({"distress", "heated", "moderated", "farewell", "follow-up", "out-of-character"})
"""Reasons that say something about a person's state: told as ``check-in`` unless the integrator was granted more.

A follow-up is one whatever it follows: its end does not say which reason that was.
"""
CHECK_IN: Final = "check-in"
_OF_ANSWER: Final = ("score", "survey", "within_hours", "at_most")
"""What is told of an answer to a survey whose comment contradicts its score: nothing of how the comment sounds."""
_URGENCY: Final = "routine"
_CARE_LOAD: Final = 1
"""What any check-in weighs."""
_GRAVER: Final = ("urgent", "soon")
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
        # What ended the one reason may be what the other was found by.
        evidence = () if _is_masked(event.remains) else event.evidence
        event = replace(event, remains=_touch(event.remains), evidence=evidence)
    if event.reason not in SENSITIVE:
        return event
    return replace(event, reason=CHECK_IN, cause=CHECK_IN, evidence=())


def _touch(touch: NeedsTouch) -> NeedsTouch:
    """Return the touch with its sensitive reasons told as check-ins, after the others.

    Urgency, care load and evidence are of the reasons as they are told; how important it is, and why, is not told then.
    """
    touch = _without_comments(touch)
    if not _is_masked(touch):
        return touch
    plain = [one for one in touch.reasons if one.reason not in SENSITIVE]
    reasons = (*plain, *(_check_in(one, touch.about) for one in touch.reasons if one.reason in SENSITIVE))
    urgencies = {one.urgency for one in reasons}
    told = replace(
        touch,
        urgency=next((grave for grave in _GRAVER if grave in urgencies), _URGENCY),
        care_load=max((one.care_load for one in reasons), default=_CARE_LOAD) + len(reasons[1:]),
        evidence=tuple(dict.fromkeys(one for reason in reasons for one in reason.evidence)),
        reasons=reasons,
        importance=0.0,
        why=None,
    )
    if touch.reason not in SENSITIVE:
        return told
    return replace(told, reason=CHECK_IN, rule=CHECK_IN, values={}, thresholds={})


def _without_comments(touch: NeedsTouch) -> NeedsTouch:
    reasons = tuple(
        replace(one, values=_of_answer(one.values), thresholds=_of_answer(one.thresholds), difference=None)
        if CONTRADICTED_BY in one.values
        else one
        for one in touch.reasons
    )
    if CONTRADICTED_BY not in touch.values:
        return replace(touch, reasons=reasons)
    return replace(touch, reasons=reasons, values=_of_answer(touch.values), thresholds=_of_answer(touch.thresholds))


def _of_answer(measured: Mapping[str, Scalar]) -> dict[str, Scalar]:
    return {name: value for name, value in measured.items() if name in _OF_ANSWER}


def _is_masked(touch: NeedsTouch) -> bool:
    return touch.reason in SENSITIVE or any(one.reason in SENSITIVE for one in touch.reasons)


def _check_in(one: TouchReason, about: str) -> TouchReason:
    """Return a sensitive reason as it is told.

    Its weight would tell what it is, and so would the stream that found it and the ids of events.
    """
    return TouchReason(
        reason=CHECK_IN,
        about=about,
        member=one.member,
        segment=one.segment,
        conversation=one.conversation,
        since=one.since,
        at=one.at,
        urgency=_URGENCY,
        care_load=_CARE_LOAD,
        evidence=(),
        rule=CHECK_IN,
        policy_version=one.policy_version,
        values={},
        thresholds={},
        revision=one.revision,
    )
