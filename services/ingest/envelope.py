"""A request's headers and body to raw events: CloudEvents 1.0 over HTTP, structured, batched or binary."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

import msgspec

from services.ingest.refusal import Refusal, field_problem

MAX_EVENTS: Final = 1000
STRUCTURED: Final = "application/cloudevents+json"
BATCH: Final = "application/cloudevents-batch+json"
JSON: Final = "application/json"
_ATTRIBUTES: Final = ("specversion", "id", "source", "type", "time", "datacontenttype")


class EnvelopeError(Exception):
    """A request that cannot be taken apart into events: the HTTP status, and what to change."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail


class RawEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event whose attributes have the right types; nothing else is known of it. Absent ``data`` is empty.

    A Struct, since msgspec 0.22 refuses every value for a dataclass's Raw field that has a default.
    """

    specversion: str | None = None
    id: str | None = None
    source: str | None = None
    type: str | None = None
    time: str | None = None
    datacontenttype: str | None = None
    data: msgspec.Raw = msgspec.Raw(b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """The events of one request in their order; ``single`` if the sender did not ask for an answer per event."""

    events: tuple[RawEvent | Refusal, ...]
    single: bool


_SURROGATE: Final = b"\\ud"
_event_decoder: Final = msgspec.json.Decoder(RawEvent)
_array_decoder: Final = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder: Final = msgspec.json.Decoder(dict[str, msgspec.Raw])


def read_envelope(headers: Iterable[tuple[bytes, bytes]], body: bytes) -> Envelope:
    """Return the events in a request; header names are in lower case. Raises EnvelopeError, and nothing else."""
    named = dict(headers)
    media_type = _media_type(named.get(b"content-type", b"").decode("latin-1"))
    try:
        body.decode()
    except UnicodeDecodeError as error:
        raise EnvelopeError(400, f"the body is not valid UTF-8 (byte {error.start}): send UTF-8") from None
    try:
        if media_type not in {STRUCTURED, BATCH} and any(name.startswith(b"ce-") for name in named):
            return Envelope(events=(_binary(named, media_type, body),), single=True)
        return _structured(media_type, body)
    except RecursionError:
        raise EnvelopeError(400, "the JSON is nested too deeply: an event needs a few levels") from None
    except msgspec.DecodeError as error:
        raise EnvelopeError(400, f"the body is not valid JSON: {error}") from None


def _media_type(header: str) -> str:
    media_type, *parameters = (part.strip() for part in header.lower().split(";"))
    if not media_type:
        raise EnvelopeError(400, f"there is no Content-Type header: send {STRUCTURED} or {BATCH}")
    if media_type not in {STRUCTURED, BATCH, JSON}:
        raise EnvelopeError(415, f"the content type must be {STRUCTURED}, {BATCH} or {JSON}")
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in {"utf-8", "utf8", "us-ascii"}:
            raise EnvelopeError(415, "the charset must be utf-8")
    return media_type


def _structured(media_type: str, body: bytes) -> Envelope:
    first = body.lstrip(b" \t\r\n")[:1]
    if first == b"[" and media_type != STRUCTURED:
        items = _items(body)
        if len(items) > MAX_EVENTS:
            raise EnvelopeError(413, f"the batch holds {len(items)} events: send at most {MAX_EVENTS} at a time")
        return Envelope(events=tuple(_event(item) for item in items), single=False)
    if first == b"{" and media_type != BATCH:
        if "specversion" not in _object_decoder.decode(body) and media_type == JSON:
            raise EnvelopeError(
                400, "this is no CloudEvent: send ce- headers (binary mode), or an object with specversion, id, data …"
            )
        return Envelope(events=(_event(body),), single=True)
    msgspec.json.decode(body, type=msgspec.Raw)  # malformed JSON is the more useful thing to say
    wanted = {STRUCTURED: "an object", BATCH: "an array of events"}.get(media_type, "an object or an array of events")
    raise EnvelopeError(400, f"the body must be {wanted} for the content type {media_type}")


def _items(body: bytes) -> Sequence[bytes | msgspec.Raw]:
    """Return the items of an array. One that holds half a surrogate pair, as a cut emoji does, spoils no other."""
    try:
        return _array_decoder.decode(body)
    except msgspec.DecodeError:
        if _SURROGATE not in body.lower():
            raise
        try:
            items = json.loads(body, parse_constant=_refuse_constant)
        except ValueError:
            items = None
        if not isinstance(items, list):
            raise
        return [json.dumps(item).encode() for item in items]


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _event(item: bytes | msgspec.Raw) -> RawEvent | Refusal:
    try:
        return _event_decoder.decode(item)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        known = _known_attributes(item)
        if known is None:
            return Refusal(id=None, source=None, field="event", reason="must be an object", code="not-an-object")
        event_id, source = known
        return Refusal(id=event_id, source=source, field=problem.field, reason=problem.reason, code="bad-attribute")
    except msgspec.DecodeError:
        return Refusal(
            id=None,
            source=None,
            field="event",
            reason="holds text that is not valid Unicode, such as half an emoji: leave it out",
            code="bad-attribute",
        )


def _known_attributes(item: bytes | msgspec.Raw) -> tuple[str | None, str | None] | None:
    """Return id and source as far as they can be read, so that a refusal says which event it means."""
    try:
        fields = _object_decoder.decode(item)
    except msgspec.DecodeError:
        return None
    return _text(fields.get("id")), _text(fields.get("source"))


def _text(value: msgspec.Raw | None) -> str | None:
    try:
        return None if value is None else msgspec.json.decode(value, type=str)
    except msgspec.DecodeError:
        return None


def _binary(headers: dict[bytes, bytes], media_type: str, body: bytes) -> RawEvent:
    attributes = {}
    for name in _ATTRIBUTES:
        value = headers.get(f"ce-{name}".encode())
        if value is not None:
            try:
                attributes[name] = unquote(value.decode(), errors="strict")
            except UnicodeDecodeError:
                raise EnvelopeError(400, f"the header ce-{name} is not valid UTF-8: percent-encode it") from None
    attributes["datacontenttype"] = media_type
    return RawEvent(**attributes, data=msgspec.json.decode(body, type=msgspec.Raw) if body else msgspec.Raw(b""))
