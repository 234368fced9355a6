"""A message as a reader gets it: decoded, with its place in the stream."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec

from shared.contracts.cloudevents import MemberEvent, decode_member_event, decode_publication
from shared.contracts.names import event_key
from shared.contracts.subjects import MEMBER_EVENTS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Traced:
    traceparent: str | None = None


_traced_decoder: Final = msgspec.json.Decoder(_Traced)


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """A stored message, as the server delivered it; ``stored`` is the server's time of storing.

    A Struct, as is what is made of it, for there is one of each for every event, and a dataclass takes five times as
    long to make.
    """

    stream: str
    seq: int
    stored: datetime
    subject: str
    headers: Mapping[str, str] | None
    body: bytes

    @property
    def trace_id(self) -> str | None:
        """The message's trace, by the ``traceparent`` (W3C Trace Context) of its headers or of the event in it."""
        parent = (self.headers or {}).get("traceparent")
        if parent is None:
            with contextlib.suppress(msgspec.MsgspecError, ValueError, RecursionError):
                parent = _traced_decoder.decode(self.body).traceparent
        parts = (parent or "").split("-")
        return parts[1] if len(parts) == 4 else None


class Delivered(Message, frozen=True, kw_only=True):
    """A message and the event in it; ``key`` is the event's identity, by which it is processed once."""

    key: str
    event: Any


_KEY_LENGTH: Final = 400


def decode(message: Message) -> Delivered:
    """Return ``message`` with its event; raises UnknownTypeError or msgspec.DecodeError."""
    if message.stream == MEMBER_EVENTS:
        event: Any = decode_member_event(message.body)
        key = member_event_key(event)
    else:
        event = decode_publication(message.headers, message.body)
        key = (message.headers or {}).get("ce-id", "")
        if not (key.isprintable() and 0 < len(key) <= _KEY_LENGTH):
            raise msgspec.ValidationError(f"the header ce-id must hold 1 to {_KEY_LENGTH} printable characters")
    return Delivered(
        stream=message.stream,
        seq=message.seq,
        stored=message.stored,
        subject=message.subject,
        headers=message.headers,
        body=message.body,
        key=key,
        event=event,
    )


def member_event_key(event: MemberEvent) -> str:
    """Return the identity of a member event."""
    return event_key(event.community, event.source, event.id)
