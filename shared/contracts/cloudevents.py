"""CloudEvents 1.0 (https://github.com/cloudevents/spec, v1.0.2): the envelope and its two bindings on NATS."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

from shared.contracts.member_events import MEMBER_EVENT_TYPES, MemberEventData
from shared.contracts.needs_touch import NEEDS_TOUCH_TYPES
from shared.contracts.touch_facts import TOUCH_FACT_TYPES
from shared.contracts.warmline_facts import WARMLINE_FACT_TYPES, WarmlineFact

SPEC_VERSION: Final = "1.0"
JSON: Final = "application/json"


def _spec_version() -> str:
    return SPEC_VERSION


class MemberEvent(Struct, frozen=True, kw_only=True, gc=False, omit_defaults=True):
    """A member event or a fact of Warmline as it stands in MEMBER_EVENTS: a structured CloudEvent.

    ``time`` is when it happened, and ``timeclamped`` is true when the sender's time lay in the future and was replaced
    by the time of arrival.
    """

    specversion: str = msgspec.field(default_factory=_spec_version)  # made, not a default: it is never left out
    id: str
    source: str
    type: str
    time: datetime
    organisation: str
    community: str
    platform: str
    timeclamped: bool = False
    traceparent: str | None = None
    data: MemberEventData | WarmlineFact


class _RawMemberEvent(Struct, frozen=True, kw_only=True, gc=False):
    specversion: str
    id: str
    source: str
    type: str
    time: datetime
    organisation: str
    community: str
    platform: str
    timeclamped: bool = False
    traceparent: str | None = None
    data: msgspec.Raw


class UnknownTypeError(ValueError):
    """An event type that this build does not know; ``ours`` tells whether it is a type of Warmline's."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"unknown event type {event_type!r}")
        self.event_type = event_type

    @property
    def ours(self) -> bool:
        """Whether a newer build of Warmline wrote it: a reader must halt rather than pass."""
        return self.event_type.startswith("warmline.")


_STREAM_TYPES: Final[dict[str, type[Any]]] = {**MEMBER_EVENT_TYPES, **WARMLINE_FACT_TYPES}
_BUS_TYPES: Final[dict[str, type[Any]]] = {**NEEDS_TOUCH_TYPES, **TOUCH_FACT_TYPES}
_TYPE_NAMES: Final[dict[type[Any], str]] = {form: name for name, form in {**_STREAM_TYPES, **_BUS_TYPES}.items()}
_raw_decoder: Final = msgspec.json.Decoder(_RawMemberEvent)
_stream_decoders: Final = {name: msgspec.json.Decoder(form) for name, form in _STREAM_TYPES.items()}
_bus_decoders: Final = {name: msgspec.json.Decoder(form) for name, form in _BUS_TYPES.items()}
_encoder: Final = msgspec.json.Encoder()


def type_name(data: object) -> str:
    """Return the CloudEvents type under which ``data`` travels; raises KeyError for a class that is no contract."""
    return _TYPE_NAMES[type(data)]


def encode_member_event(event: MemberEvent) -> bytes:
    """Return the bytes that are stored in MEMBER_EVENTS."""
    return _encoder.encode(event)


def decode_member_event(body: bytes) -> MemberEvent:
    """Return the event in ``body``; raises UnknownTypeError or msgspec.DecodeError."""
    raw = _raw_decoder.decode(body)
    decoder = _stream_decoders.get(raw.type)
    if decoder is None:
        raise UnknownTypeError(raw.type)
    return MemberEvent(
        specversion=raw.specversion,
        id=raw.id,
        source=raw.source,
        type=raw.type,
        time=raw.time,
        organisation=raw.organisation,
        community=raw.community,
        platform=raw.platform,
        timeclamped=raw.timeclamped,
        traceparent=raw.traceparent,
        data=decoder.decode(raw.data),
    )


class Publication(Struct, frozen=True, kw_only=True, gc=False):
    """A message ready for NATS: subject, CloudEvents headers (binary binding) and body."""

    subject: str
    headers: dict[str, str]
    body: bytes


def publication(
    subject: str,
    data: object,
    *,
    event_id: str,
    source: str,
    time: datetime,
    extensions: dict[str, str],
    traceparent: str | None = None,
) -> Publication:
    """Return ``data`` as a CloudEvent in the binary binding, whose attributes travel as ``ce-`` headers.

    ``extensions`` are further attributes; their names are lower-case letters and digits, as the specification asks.
    ``traceparent`` is that of the trace that led here, where somebody records it.
    """
    headers = {
        "ce-specversion": SPEC_VERSION,
        "ce-id": event_id,
        "ce-source": source,
        "ce-type": type_name(data),
        "ce-time": rfc3339(time),
        "content-type": JSON,
        **{f"ce-{name}": value for name, value in extensions.items()},
    }
    if traceparent is not None:
        headers["traceparent"] = traceparent
    return Publication(subject=subject, headers=headers, body=_encoder.encode(data))


def decode_publication(headers: Mapping[str, str] | None, body: bytes) -> Any:
    """Return the contract in a message of TOUCHES or TOUCH_FACTS; raises UnknownTypeError or msgspec.DecodeError."""
    event_type = (headers or {}).get("ce-type", "")
    decoder = _bus_decoders.get(event_type)
    if decoder is None:
        raise UnknownTypeError(event_type)
    return decoder.decode(body)


def rfc3339(time: datetime) -> str:
    """Return ``time`` in UTC as RFC 3339 with a ``Z``; with its own offset at the ends of time, where UTC has none."""
    try:
        return time.astimezone(UTC).isoformat().replace("+00:00", "Z")
    except OverflowError:
        return time.isoformat()
