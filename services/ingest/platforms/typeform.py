"""Typeform: answers to a form as surveys. Pure. Forms: typeform.com/developers/webhooks/example-payload."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from services.ingest.platforms.reading import NO_CONCERN, Delivery, HookSettings, Reading, Time, decoded
from services.ingest.platforms.surveys import answered
from shared.contracts.names import Label

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"event_id":"1","event_type":"form_response","form_response":{"form_id":"lT4Z3j","token":"a3a12ec67a1365927",'
        b'"submitted_at":"2026-11-22T08:15:00Z","hidden":{"member":"u1"},"answers":[{"type":"number","number":9,'
        b'"field":{"id":"1","type":"nps","ref":"nps"}}]}}'
    ),
)
_SCALES: Final = frozenset(("nps", "opinion_scale"))
_LONG: Final = frozenset(("long_text",))


class _Field(Struct, frozen=True, kw_only=True):
    id: str
    type: str
    ref: str | None = None


class _Answer(Struct, frozen=True, kw_only=True):
    field: _Field
    number: float | None = None
    text: str | None = None


class _Response(Struct, frozen=True, kw_only=True):
    form_id: Label
    token: Label
    submitted_at: Time
    hidden: dict[str, Any] = {}
    answers: tuple[_Answer, ...] = ()


class _Event(Struct, frozen=True, kw_only=True):
    event_type: str
    form_response: _Response | None = None


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    event = decoded(delivery.body, _Event)
    response = event.form_response
    if event.event_type != "form_response" or response is None:
        return NO_CONCERN
    numbers = [each for each in response.answers if each.number is not None]
    scores = [each.number for each in numbers if _is(each.field, settings.score_field, _SCALES)]
    comments = [each.text for each in response.answers if each.text and _is(each.field, settings.comment_field, _LONG)]
    return answered(
        survey=response.form_id,
        response=response.token,
        time=response.submitted_at,
        hidden=response.hidden,
        score=scores[0] if scores else None,
        comment=comments[0] if comments else None,
        settings=settings,
    )


def _is(field: _Field, wanted: str | None, kinds: frozenset[str]) -> bool:
    return wanted in {field.id, field.ref} if wanted is not None else field.type in kinds
