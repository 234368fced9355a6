"""What is stored of a member event: what it says, and nothing of what is as it is by default."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from shared.contracts.cloudevents import MemberEvent, decode_member_event, encode_member_event, type_name
from shared.contracts.member_events import Member, Posted

_DATA = Posted(member=Member(id="ada"), conversation="c-1", message="m-1", text="Is there room?")
_EVENT = MemberEvent(
    id="m-1",
    source="/discord/harbour",
    type=type_name(_DATA),
    time=datetime(2026, 11, 1, tzinfo=UTC),
    organisation="harbour",
    community="harbour",
    platform="discord",
    data=_DATA,
)


def test_defaults_are_not_stored_but_the_version_of_the_specification_is() -> None:
    stored = msgspec.json.decode(encode_member_event(_EVENT))
    assert stored == {
        "specversion": "1.0",
        "id": "m-1",
        "source": "/discord/harbour",
        "type": "warmline.member.posted.v1",
        "time": "2026-11-01T00:00:00Z",
        "organisation": "harbour",
        "community": "harbour",
        "platform": "discord",
        "data": {"member": {"id": "ada"}, "conversation": "c-1", "message": "m-1", "text": "Is there room?"},
    }


def test_an_event_reads_the_same_with_and_without_its_defaults() -> None:
    stored = msgspec.json.decode(encode_member_event(_EVENT))
    stored |= {"timeclamped": False, "traceparent": None}
    stored["data"] |= {"community": None, "reply_to": None, "audience": "public", "mentions": [], "url": None}
    stored["data"]["member"] |= {"name": None, "roles": [], "bot": False}
    assert decode_member_event(msgspec.json.encode(stored)) == _EVENT
    assert decode_member_event(encode_member_event(_EVENT)) == _EVENT
