"""Tally: answers to a form as surveys. Pure. Forms: tally.so/help/webhooks."""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct

from services.ingest.platforms.reading import NO_CONCERN, Delivery, HookSettings, Reading, Time, decoded
from services.ingest.platforms.surveys import answered
from shared.contracts.names import Label

SAMPLE: Final = (
    {"content-type": "application/json"},
    (
        b'{"eventId":"1","eventType":"FORM_RESPONSE","createdAt":"2026-11-22T08:15:00.000Z","data":{"responseId":"2w",'
        b'"formId":"3x","fields":[{"key":"q1","label":"member","type":"HIDDEN_FIELDS","value":"u1"},{"key":"q2",'
        b'"label":"Would you recommend us?","type":"LINEAR_SCALE","value":9}]}}'
    ),
)
_SCALE: Final = "LINEAR_SCALE"
_LONG: Final = "TEXTAREA"
_HIDDEN: Final = "HIDDEN_FIELDS"


class _Field(Struct, frozen=True, kw_only=True):
    key: str
    type: str
    label: str | None = None
    value: Any = None


class _Response(Struct, frozen=True, kw_only=True, rename="camel"):
    response_id: Label
    form_id: Label
    fields: tuple[_Field, ...] = ()


class _Event(Struct, frozen=True, kw_only=True, rename="camel"):
    event_type: str
    created_at: Time
    data: _Response | None = None


def read(delivery: Delivery, settings: HookSettings) -> Reading:
    """Return what a delivery means; raises NotUnderstoodError."""
    event = decoded(delivery.body, _Event)
    response = event.data
    if event.event_type != "FORM_RESPONSE" or response is None:
        return NO_CONCERN
    return answered(
        survey=response.form_id,
        response=response.response_id,
        time=event.created_at,
        hidden={field.label or field.key: field.value for field in response.fields if field.type == _HIDDEN},
        score=_first(response, settings.score_field, _SCALE),
        comment=_first(response, settings.comment_field, _LONG),
        settings=settings,
    )


def _first(response: _Response, wanted: str | None, kind: str) -> Any:
    for field in response.fields:
        if field.value is not None and (
            wanted in {field.key, field.label} if wanted is not None else field.type == kind
        ):
            return field.value
    return None
