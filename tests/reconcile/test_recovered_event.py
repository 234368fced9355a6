"""From an event to its row in the history and back: what is put back into the log of record is the same event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from infra.reconcile.recovered_event import Told, recovered_event
from services.projections.history.rows import history_row
from shared.contracts import member_events as forms
from shared.contracts.cloudevents import MemberEvent, decode_member_event, encode_member_event, type_name
from shared.contracts.member_events import Member, MemberEventData

ADA = Member(id="u-ada", name="Ada", handle="ada", roles=("helper",))
WHERE: dict[str, Any] = {"member": ADA, "community": "acme", "platform": "discord"}
SOON = datetime(2026, 11, 27, 18, 0, tzinfo=UTC)
EVENTS: tuple[MemberEventData, ...] = (
    forms.Joined(**WHERE, url="https://d.example/ada"),
    forms.Posted(
        **WHERE, conversation="c", message="m", text="Hm?", reply_to="k", channel="help", audience="private",
        mentions=("bo",), url="https://d.example/m",
    ),
    forms.Edited(**WHERE, conversation="c", message="m", text="Hm!", audience="members"),
    forms.Deleted(**WHERE, conversation="c", message="m"),
    forms.Reacted(**WHERE, conversation="c", message="m", reaction="wave"),
    forms.Planned(
        **WHERE, gathering="g", starts_at=SOON, ends_at=SOON, title="Spring", where="Quay", audience="members",
        url="https://d.example/g", called_off=True,
    ),
    forms.Registered(**WHERE, gathering="g", declined=True),
    forms.Attended(**WHERE, gathering="g", title="Spring"),
    forms.Surveyed(**WHERE, survey="s", score=3, comment="Cold."),
    forms.Moderated(**WHERE, action="warned", conversation="c", message="m"),
    forms.Renewed(**WHERE, plan="gold"),
    forms.Cancelled(**WHERE, plan="gold", comment="Too dear."),
    forms.Left(**WHERE, comment="Bye."),
    forms.Solved(**WHERE, conversation="c", message="m"),
    forms.Updated(**WHERE, tags=("a", "b")),
)  # fmt: skip


def event_of(data: MemberEventData, *, clamped: bool = False) -> MemberEvent:
    return MemberEvent(
        id="e-1",
        source="/discord/guild",
        type=type_name(data),
        time=datetime(2026, 11, 22, 12, 0, tzinfo=UTC),
        organisation="acme-inc",
        community="acme",
        platform="discord",
        timeclamped=clamped,
        data=data,
    )


def told(event: MemberEvent) -> Told:
    assert isinstance(event.data, MemberEventData)
    row = history_row(event, event.data, 7, "any")
    columns = ("event", "source", "kind", "time", "community", "platform", "conversation", "message", "reply_to")
    return Told(
        **{name: getattr(row, name) for name in (*columns, "channel", "audience", "url", "text")},
        organisation=event.organisation,
        extra=msgspec.json.decode(row.extra),
        member_id=ADA.id,
        member_name=ADA.name,
        member_handle=ADA.handle,
        member_roles=list(ADA.roles),
        member_bot=ADA.bot,
    )


@pytest.mark.parametrize("data", EVENTS, ids=lambda data: type(data).__name__)
@pytest.mark.parametrize("clamped", [False, True])
def test_every_kind_comes_back_as_it_was(data: MemberEventData, clamped: bool) -> None:
    event = event_of(data, clamped=clamped)
    recovered = recovered_event(told(event))
    assert recovered == event
    assert decode_member_event(encode_member_event(event)) == recovered


def test_a_post_that_was_deleted_comes_back_without_its_text() -> None:
    event = event_of(EVENTS[1])
    recovered = recovered_event(replace(told(event), text=None))
    assert recovered is not None
    assert (recovered.id, recovered.data.text) == (event.id, "")


def test_what_a_row_does_not_suffice_for_is_left() -> None:
    assert recovered_event(replace(told(event_of(EVENTS[4])), extra={})) is None
    assert recovered_event(replace(told(event_of(EVENTS[4])), kind="sang")) is None


def test_every_kind_is_tried() -> None:
    assert {type(data) for data in EVENTS} == set(forms.MEMBER_EVENT_TYPES.values())
