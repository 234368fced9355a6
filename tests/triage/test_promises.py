"""What the team promised a member: it comes on the day, within the team's hours, to whoever promised it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from msgspec.json import encode

from shared.contracts.member_events import Left
from shared.contracts.policy import Hours, Identity
from shared.contracts.policy_rules import FollowUpRule
from shared.contracts.warmline_facts import (
    CareLogged,
    ContactAllowed,
    ContactDeclined,
    FollowUpPromised,
    MemberLinked,
    TouchSettled,
)
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, MIRA, care_policy, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, acme, asked_for, on, reasons

WHOM: dict[str, Any] = {"community": COMMUNITY, "member": Identity(platform="discord", id=ADA.id)}


def promise(partition: Partition, made: float, day: float, *, by: str = "mira", note: str | None = None) -> None:
    told = FollowUpPromised(**WHOM, responder=by, day=on(day).date(), note=note)
    partition.tell(told, on(made, 0.5))


def known(follow_up: FollowUpRule | None = None) -> Partition:
    partition = acme(follow_up=follow_up or FollowUpRule())
    partition.tell(posted(ADA, "m-1"), on(-30))
    return partition


def test_it_comes_on_the_day_and_names_who_promised() -> None:
    partition = known()
    promise(partition, 0, 3, note="How did the talk go?")
    begins = on(3, -9)
    partition.pass_time(begins - timedelta(seconds=1))
    assert partition.touches == []
    partition.pass_time(begins)
    (touch,) = partition.touches
    assert (touch.reason, touch.promised_by, touch.since, touch.raised_at) == ("follow-up", "mira", begins, begins)
    assert [one.time for one in touch.evidence] == [on(0, 0.5)]
    partition.look_at_everything()
    assert len(partition.raised) == 1


def test_what_was_written_is_in_no_store() -> None:
    partition = known()
    promise(partition, 0, 3, note="How did the talk go?")
    partition.look_at_everything()
    assert b"talk" not in b"".join(state for _, state in partition.states.values()) + encode(partition.left)


def test_it_waits_for_the_teams_hours_of_the_day_where_the_team_is() -> None:
    weekdays = Hours(timezone="America/New_York", days={"monday": ("09:00-17:00",), "friday": ("09:00-17:00",)})
    partition = Partition(_with_hours(weekdays), stored=LONG_BEFORE)
    partition.tell(posted(ADA, "m-1"), on(-30))
    tuesday, friday = on(1).date(), on(4).date()
    partition.tell(FollowUpPromised(**WHOM, responder="mira", day=tuesday), on(0, 1))
    partition.look_at_everything()
    (touch,) = partition.touches
    assert touch.since == touch.raised_at == datetime.fromisoformat(f"{friday}T09:00-05:00")


def test_it_moves_with_the_policy() -> None:
    partition = known()
    promise(partition, 0, 1)
    partition.adopt(_with_hours(Hours(timezone="UTC", days={"friday": ("09:00-17:00",)})))
    partition.pass_time(on(4) - timedelta(seconds=1))
    assert partition.touches == []
    partition.pass_time(on(4))
    assert reasons(partition, ADA) == ["follow-up"]


def test_two_of_one_day_are_one_need_and_another_day_comes_by_itself() -> None:
    partition = known(FollowUpRule(cool_down_days=30))
    promise(partition, 0, 2)
    promise(partition, 0, 2, by="jonas")
    promise(partition, 0, 4, by="jonas")
    partition.pass_time(on(2))
    found = asked_for(partition, ADA, "follow-up")
    assert found is not None
    assert (found.promised_by, found.values["promises"], len(found.evidence)) == ("mira", 2, 2)
    (touch,) = partition.touches
    settled = TouchSettled(community=COMMUNITY, touch=touch.touch, about=touch.about, outcome="not-needed")
    partition.tell(settled, on(3))
    partition.pass_time(on(4))
    assert [one.promised_by for one in partition.touches] == ["jonas"]


def test_a_word_of_the_team_keeps_it_on_the_day_and_not_before() -> None:
    partition = known()
    promise(partition, 0, 2)
    partition.tell(posted(MIRA, "m-2", mentions=("ada",)), on(1))
    partition.pass_time(on(2))
    assert reasons(partition, ADA) == ["follow-up"]
    partition.tell(CareLogged(**WHOM, responder="mira", way="call"), on(2, 1))
    assert partition.touches == []


def test_who_left_is_owed_nothing() -> None:
    partition = known()
    promise(partition, 0, 2)
    partition.tell(Left(member=ADA), on(1))
    partition.look_at_everything()
    assert partition.touches == []


def test_it_is_kept_to_somebody_of_whom_no_platform_has_told() -> None:
    partition = acme(follow_up=FollowUpRule())
    promise(partition, 0, 3)
    partition.pass_time(on(3))
    assert [(one.promised_by, one.member.id) for one in partition.open] == [("mira", ADA.id)]


def test_who_left_one_platform_and_is_there_on_another_is_owed_it() -> None:
    partition = known()
    promise(partition, 0, 2)
    other = Identity(platform="slack", id=BEA.id)
    partition.tell(MemberLinked(**WHOM, other=other, why="They told me.", responder="mira"), on(0, 2))
    partition.tell(Left(member=ADA), on(0, 3))
    partition.tell(posted(BEA, "m-2"), on(1), platform="slack")
    partition.pass_time(on(2))
    assert reasons(partition, ADA) == ["follow-up"]


def test_what_was_promised_before_the_member_wanted_no_contact_waits_and_what_came_after_does_not() -> None:
    partition = known()
    promise(partition, 0, 2, by="jonas")
    partition.tell(ContactDeclined(**WHOM, responder="mira", until=on(5)), on(1))
    promise(partition, 1.5, 3)
    partition.pass_time(on(4))
    assert [(one.promised_by, one.at) for one in partition.open] == [("mira", on(3, -9))]
    partition.pass_time(on(5))
    assert [(one.promised_by, len(one.evidence)) for one in partition.open] == [("jonas", 2)]


def decline_as_bea(partition: Partition, at: datetime, *, until: datetime | None) -> None:
    other = Identity(platform="slack", id=BEA.id)
    partition.tell(MemberLinked(**WHOM, other=other, why="They told me.", responder="mira"), at)
    partition.tell(ContactDeclined(community=COMMUNITY, member=other, responder="mira", until=until), at)


def test_it_waits_for_a_person_who_wanted_no_contact_as_another_of_their_identities() -> None:
    partition = known()
    promise(partition, 0, 2, by="jonas")
    decline_as_bea(partition, on(1), until=on(5))
    promise(partition, 1.5, 3)
    partition.pass_time(on(4))
    assert [(one.promised_by, one.at) for one in partition.open] == [("mira", on(3, -9))]
    partition.pass_time(on(5))
    assert [(one.promised_by, len(one.evidence)) for one in partition.open] == [("jonas", 2)]


def test_it_is_not_forgotten_while_another_identity_of_the_person_wants_no_contact_at_all() -> None:
    partition = known()
    promise(partition, 0, 2)
    decline_as_bea(partition, on(1), until=None)
    partition.pass_time(on(60))
    assert partition.touches == []
    partition.tell(
        ContactAllowed(community=COMMUNITY, member=Identity(platform="slack", id=BEA.id), responder="mira"), on(60)
    )
    partition.pass_time(on(70))
    assert reasons(partition, ADA) == ["follow-up"]


def test_an_open_one_is_withdrawn_when_the_member_wants_no_contact() -> None:
    partition = known()
    promise(partition, 0, 2)
    promise(partition, 0, 9)
    partition.pass_time(on(2))
    partition.tell(ContactDeclined(**WHOM, responder="mira"), on(3))
    partition.pass_time(on(20))
    assert partition.touches == []
    partition.tell(ContactAllowed(**WHOM, responder="mira"), on(20))
    partition.pass_time(on(21))
    assert reasons(partition, ADA) == ["follow-up"]


def test_they_are_bounded() -> None:
    partition = known()
    for number in range(40):
        told = FollowUpPromised(**WHOM, responder="mira", day=date(2027, 3, 1) + timedelta(days=number))
        partition.tell(told, on(0, number / 100))
    partition.look_at_everything()
    found = asked_for(partition, ADA, "follow-up")
    assert found is not None
    assert len(found.evidence) == 32


def _with_hours(hours: Hours) -> Any:
    return replace(care_policy(**QUIET), hours=hours)
