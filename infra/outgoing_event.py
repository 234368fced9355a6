"""A member event on its way to ingest: a structured CloudEvent 1.0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

import msgspec

from shared.contracts.cloudevents import SPEC_VERSION, type_name
from shared.contracts.member_events import MemberEventData

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingEvent:
    """The fact ``data``, which happened at ``time``; ``source`` is ``/<platform>/<name>``."""

    id: str
    source: str
    time: datetime
    data: MemberEventData


def encode_event(event: OutgoingEvent) -> bytes:
    """Return the event as JSON; raises UnicodeEncodeError for text that UTF-8 cannot carry."""
    return _encoder.encode(
        {
            "specversion": SPEC_VERSION,
            "id": event.id,
            "source": event.source,
            "type": type_name(event.data),
            "time": event.time,
            "data": event.data,
        }
    )
