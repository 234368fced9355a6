"""Member events and Warmline's own facts as messages for MEMBER_EVENTS."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.cloudevents import MemberEvent, encode_member_event, type_name
from shared.contracts.names import event_key
from shared.contracts.subjects import kind_of, member_event_subject
from shared.contracts.warmline_facts import PLATFORM, WarmlineFact
from shared.publisher import Outgoing
from shared.telemetry.traces import TRACEPARENT, recorded


def message_of(event: MemberEvent, body: bytes, partitions: int) -> Outgoing:
    """Return the message that stores ``event``, whose encoded form is ``body``."""
    return Outgoing(
        subject=member_event_subject(event.community, event.platform, kind_of(event.type), partitions),
        headers=headers_of(event),
        body=body,
        msg_id=event_key(event.community, event.source, event.id),
    )


def headers_of(event: MemberEvent) -> dict[str, str]:
    """Return the headers; of traces they name those that are recorded, so that no reader looks for others."""
    if recorded(event.traceparent) is None:
        return {"content-type": "application/cloudevents+json"}
    return {"content-type": "application/cloudevents+json", TRACEPARENT: event.traceparent or ""}


def fact_message(fact: WarmlineFact, *, organisation: str, event_id: str, time: datetime, partitions: int) -> Outgoing:
    """Return the message that stores a fact of Warmline's about ``fact.community``."""
    event = MemberEvent(
        id=event_id,
        source=f"/{PLATFORM}/{organisation}",
        type=type_name(fact),
        time=time,
        organisation=organisation,
        community=fact.community,
        platform=PLATFORM,
        data=fact,
    )
    return message_of(event, encode_member_event(event), partitions)
