"""What `warmline reconcile` finds before it changes anything: it never calls well what a service refuses."""

from __future__ import annotations

from datetime import UTC, datetime

from infra.readers import Position
from infra.reconcile.ingest import not_adopted
from infra.reconcile.looking import _behind
from shared.contracts.cloudevents import MemberEvent
from shared.contracts.policy import Limits, Policy
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES
from shared.contracts.warmline_facts import PolicyAdopted
from shared.stream_identity import StreamSeen
from tests.notifier.people import OFFICE

SEEN = {
    MEMBER_EVENTS: StreamSeen(reader=f"{MEMBER_EVENTS}@monday", last=100, replicas=1),
    TOUCHES: StreamSeen(reader=f"{TOUCHES}@monday", last=10, replicas=1),
}


def behind(reader: str, position: int) -> list[str]:
    one = Position(service="triage", shard="0", reader=reader, position=position)
    return list(_behind([one], SEEN, "has read"))


def test_a_stream_that_ends_before_what_was_read_is_told_with_both_positions() -> None:
    assert behind(f"{MEMBER_EVENTS}@monday", 100) == []
    (told,) = behind(f"{MEMBER_EVENTS}@monday", 1200)
    assert told == "triage 0 has read MEMBER_EVENTS@monday up to 1,200, and it ends at 100"


def test_another_log_of_record_under_the_name_is_told_and_a_copy_that_was_made_anew_is_not() -> None:
    (told,) = behind(f"{MEMBER_EVENTS}@sunday", 7)
    assert told == "triage 0 has read MEMBER_EVENTS@sunday up to 7, and now there is MEMBER_EVENTS@monday"
    assert behind(f"{TOUCHES}@sunday", 7) == []


def adopted(number: int, organisation: str = "harbour") -> MemberEvent:
    policy = Policy(organisation=organisation, responders=(), hours=OFFICE, limits=Limits())
    return MemberEvent(
        id=f"policy:v-abc:{number}",
        source="/warmline/ingest",
        type="warmline.community.policy-adopted.v1",
        time=datetime(2026, 11, 23, tzinfo=UTC),
        organisation=organisation,
        community="acme",
        platform="warmline",
        data=PolicyAdopted(community="acme", version="v-abc", policy=policy),
    )


def test_an_adoption_that_ingest_has_forgotten_is_something_to_reconcile() -> None:
    events = [adopted(1), adopted(2), adopted(2), adopted(1, "other")]
    assert not_adopted(events, {("harbour", 1), ("harbour", 2), ("other", 1)}) == 0
    assert not_adopted(events, {("harbour", 1), ("other", 1)}) == 1
