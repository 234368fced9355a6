"""The lists of a gathering: who comes, before it begins, and for whom it was the first, after it is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.triage.reasons.ritual import ENTRIES_KEPT
from services.triage.stream_ids import gathering_stream
from shared.contracts.member_events import Attended, Left, Member, MemberEventData, Planned, Registered
from shared.contracts.policy import Hours, Identity
from shared.contracts.policy_rules import MilestoneRule, RitualRule
from shared.contracts.warmline_facts import ContactDeclined, MemberLinked
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, CLEO, HELPER, MIRA, ROBOT, care_policy, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, on

ON = RitualRule(enabled=True, lists=("gathering", "first-gathering"), hours_before=24, hours_after=4)
BEGINS = on(5)
OVER = on(5, 1)


def acme(rule: RitualRule = ON, **more: Any) -> Partition:
    """A community that has long been known, in which somebody of the team is always there."""
    partition = Partition(care_policy(**QUIET, ritual=rule, **more), stored=LONG_BEFORE)
    partition.tell(posted(Member(id="founder"), "m-founder"), LONG_BEFORE)
    return partition


def planned(begins: datetime = BEGINS, member: Member = CLEO, **more: Any) -> Planned:
    return Planned(member=member, gathering="call", title="Welcome call", **{"starts_at": begins, **more})


def comes(member: Member, *, declined: bool = False) -> Registered:
    return Registered(member=member, gathering="call", declined=declined)


def was_there(member: Member, gathering: str = "call") -> Attended:
    return Attended(member=member, gathering=gathering)


def was_there_before(partition: Partition, member: Member, platform: str = "discord") -> None:
    partition.tell(was_there(member, "earlier"), on(-30), stored=on(-10), platform=platform)


def told(partition: Partition, data: Any, *, day: float, platform: str = "discord") -> str:
    """Tell it, and return the id of its event."""
    partition.tell(data, on(day), platform=platform)
    return str(partition.event_id)


def lists(partition: Partition) -> dict[str, list[str]]:
    """The lists that are open, and whose events they name."""
    return {str(one.values["list"]): [shown.event for shown in one.evidence] for one in partition.open}


def test_a_day_before_it_begins_who_comes_is_on_a_list_newcomers_first() -> None:
    partition = acme()
    was_there_before(partition, ADA)
    plan = told(partition, planned(ends_at=OVER), day=0)
    ada, bea = told(partition, comes(ADA), day=1), told(partition, comes(BEA), day=2)
    for member in (HELPER, ROBOT):
        told(partition, comes(member), day=2)
    told(partition, comes(Member(id="dora")), day=2)
    told(partition, comes(Member(id="dora"), declined=True), day=3)
    partition.pass_time(on(3.9))
    assert partition.open == []
    partition.pass_time(on(4))
    (touch,) = partition.touches
    assert lists(partition) == {"gathering": [plan, bea, ada]}
    assert (touch.reason, touch.urgency, touch.raised_at) == ("ritual", "routine", on(4))
    assert (touch.member.platform, touch.member.id) == ("warmline", "community")
    assert touch.values == {"list": "gathering", "starts_at": "2026-11-28T09:00+00:00", "members": 2, "newcomers": 1}
    assert touch.thresholds == {"hours_before": 24, "at_most": 20}


def test_the_hours_before_it_are_those_of_the_team() -> None:
    weekdays = dict.fromkeys(("monday", "tuesday", "wednesday", "thursday", "friday"), ("09:00-17:00",))
    partition = acme()
    partition.adopt(replace(care_policy(**QUIET, ritual=ON), hours=Hours(timezone="UTC", days=weekdays)))
    told(partition, planned(on(7, 1)), day=0)
    partition.pass_time(on(6))
    assert [need.raised_at for need in partition.raised] == [on(2, 1)]


def test_a_new_policy_moves_what_was_to_be_looked_at() -> None:
    partition = acme()
    told(partition, planned(), day=0)
    partition.adopt(care_policy(**QUIET, ritual=RitualRule(enabled=True, lists=("gathering",), hours_before=2)))
    partition.pass_time(BEGINS)
    assert [need.raised_at for need in partition.raised] == [on(5, -2)]


def test_nobody_is_listed_who_left_or_asked_not_to_be_contacted_and_the_list_says_so_of_the_host() -> None:
    partition = acme()
    plan = told(partition, planned(), day=0)
    for member in (ADA, BEA):
        told(partition, comes(member), day=1)
    told(partition, Left(member=ADA), day=2)
    for who in ("bea", "cleo"):
        declined = ContactDeclined(community=COMMUNITY, member=Identity(platform="discord", id=who), responder="mira")
        partition.tell(declined, on(2))
    partition.pass_time(on(4))
    assert lists(partition) == {"gathering": [plan]}
    assert partition.open[0].values["host_asked_not_to_be_contacted"] is True


def test_called_off_it_asks_for_nobody_and_what_was_asked_for_is_withdrawn() -> None:
    partition = acme()
    told(partition, planned(), day=0)
    told(partition, planned(called_off=True), day=1)
    partition.pass_time(on(4))
    assert partition.raised == []
    other = acme()
    told(other, planned(), day=0)
    other.pass_time(on(4))
    told(other, planned(called_off=True), day=4.5)
    other.pass_time(on(4.6))
    assert ([gone.cause for gone in other.gone], other.touches, len(other.raised)) == (["called off"], [], 1)
    again = told(other, planned(), day=4.7)
    other.pass_time(on(4.8))
    assert lists(other) == {"gathering": [again]}


def test_put_off_it_is_told_of_anew_before_it_begins() -> None:
    partition = acme()
    told(partition, planned(), day=0)
    partition.pass_time(on(4))
    told(partition, planned(on(8)), day=4.5)
    assert [gone.cause for gone in partition.gone] == ["it was put off"]
    partition.pass_time(on(7))
    assert [need.values["starts_at"] for need in partition.raised] == [
        "2026-11-28T09:00+00:00",
        "2026-12-01T09:00+00:00",
    ]


def test_what_changes_while_somebody_has_the_list_is_told_to_them_and_the_same_once_more_is_not() -> None:
    partition = acme()
    told(partition, planned(), day=0)
    partition.pass_time(on(4))
    told(partition, planned(), day=4.1)
    assert len(partition.raised) == 1
    there = told(partition, planned(where="Room 7"), day=4.2)
    partition.pass_time(on(4.3))
    assert lists(partition) == {"gathering": [there]}
    sooner = told(partition, planned(on(4.8), where="Room 7"), day=4.3)
    partition.pass_time(on(4.4))
    assert (lists(partition), [need.revision for need in partition.raised]) == ({"gathering": [sooner]}, [1, 2, 3])
    partition.settle(partition.touches[0], on(4.5))
    told(partition, planned(on(4.8), where="Room 8"), day=4.6)
    partition.pass_time(on(6))
    assert len(partition.raised) == 3


def test_once_it_has_begun_there_is_nothing_to_remind_of() -> None:
    partition = acme()
    told(partition, planned(), day=0)
    partition.pass_time(BEGINS)
    assert ([gone.cause for gone in partition.gone], partition.touches) == (["it has begun"], [])
    late = acme()
    told(late, planned(), day=5.1)
    late.look_at_everything()
    assert late.raised == []


def test_after_it_is_over_those_are_listed_for_whom_it_was_the_first() -> None:
    partition = acme()
    was_there_before(partition, ADA)
    plan = told(partition, planned(ends_at=OVER), day=0)
    partition.pass_time(BEGINS)
    told(partition, was_there(ADA), day=5)
    bea = told(partition, was_there(BEA), day=5)
    for member in (MIRA, ROBOT):
        told(partition, was_there(member), day=5)
    partition.pass_time(on(5, 4))
    assert partition.open == []
    partition.pass_time(on(5, 5))
    (touch,) = partition.touches
    assert (lists(partition), touch.raised_at) == ({"first-gathering": [plan, bea]}, on(5, 5))
    assert touch.values == {"list": "first-gathering", "members": 1}
    state = partition.state(gathering_stream(COMMUNITY, "discord", "call"))
    assert (state.registered, state.came, state.due) == ((), (), None)


def test_a_gathering_that_nobody_announced_has_a_list_after_it_too() -> None:
    partition = acme()
    bea = told(partition, was_there(BEA), day=5)
    partition.pass_time(on(5, 4))
    assert lists(partition) == {"first-gathering": [bea]}


def test_who_was_at_one_as_another_of_their_identities_is_no_newcomer() -> None:
    partition = acme()
    was_there_before(partition, Member(id="bea-s"), platform="slack")
    told(partition, was_there(BEA), day=5)
    both = {"member": Identity(platform="discord", id="bea"), "other": Identity(platform="slack", id="bea-s")}
    partition.tell(MemberLinked(community=COMMUNITY, **both, why="She said so.", responder="mira"), on(5))
    partition.pass_time(on(6))
    assert partition.raised == []


def test_what_is_a_milestone_of_each_is_on_no_list() -> None:
    partition = acme(milestone=MilestoneRule(first_gathering=True))
    told(partition, was_there(BEA), day=5)
    partition.pass_time(on(6))
    assert [(need.reason, need.member.id) for need in partition.raised] == [("milestone", "bea")]


def test_in_a_community_that_is_not_known_for_long_nobody_is_known_to_be_new() -> None:
    partition = Partition(care_policy(**QUIET, ritual=ON), stored=on(0))
    plan, ada = told(partition, planned(), day=0), told(partition, comes(ADA), day=0)
    told(partition, was_there(ADA), day=5)
    partition.look_at_everything()
    assert [need.values.get("newcomers") for need in partition.raised] == [0]
    assert [one.event for one in partition.raised[0].evidence] == [plan, ada]


@pytest.mark.parametrize("rule", [RitualRule(), RitualRule(enabled=True, lists=("spotlight",))], ids=["off", "others"])
def test_only_the_lists_that_the_policy_names_are_asked_for(rule: RitualRule) -> None:
    partition = acme(rule)
    told(partition, planned(), day=0)
    told(partition, was_there(BEA), day=5)
    partition.look_at_everything()
    assert partition.raised == []


def test_what_was_told_last_holds_and_what_is_kept_has_an_end() -> None:
    partition = acme()
    partition.tell(planned(on(90)), on(2), stored=on(0))
    partition.tell(planned(on(5)), on(1), stored=on(3))
    for number in range(ENTRIES_KEPT + 20):
        partition.tell(comes(Member(id=f"u-{number}")), on(3, number / 100), stored=on(3, number / 100))
    stream = gathering_stream(COMMUNITY, "discord", "call")
    assert len(partition.state(stream).registered) == ENTRIES_KEPT
    partition.pass_time(on(89))
    assert [(need.raised_at, len(need.evidence)) for need in partition.raised] == [(on(89), 21)]


def test_whatever_is_planned_for_years_ahead_is_looked_at_a_year_before() -> None:
    partition = acme()
    far = datetime.fromisoformat("2199-12-31T00:00:00+00:00")
    told(partition, planned(far, ends_at=far), day=0)
    partition.pass_time(on(1_000))
    assert partition.raised == []
    told(partition, planned(on(1_200)), day=1_000)
    partition.pass_time(on(1_199))
    assert len(partition.raised) == 1


EVENTS: list[tuple[MemberEventData, float]] = [
    (planned(), 0),
    (planned(on(6), ends_at=on(6, 2)), 0.5),
    (planned(called_off=True), 0.2),
    (comes(ADA), 0.1),
    (comes(ADA, declined=True), 0.4),
    (comes(BEA), 0.3),
    (comes(CLEO), 0.3),
    (was_there(BEA, "earlier"), -30),
]


@settings(max_examples=40)
@given(order=st.permutations(EVENTS))
def test_whatever_order_they_arrive_in_the_lists_are_the_same(order: list[tuple[MemberEventData, float]]) -> None:
    def found(events: list[tuple[MemberEventData, float]]) -> list[Any]:
        partition = acme()
        for data, day in events:
            partition.tell(data, on(day), stored=on(1))
        named = {partition_event: data for partition_event, (data, _) in enumerate(events, 3)}
        partition.pass_time(on(5))
        return [[named[int(one.event[2:])] for one in need.evidence] for need in partition.raised]

    assert found(order) == found(EVENTS) == [[EVENTS[1][0], EVENTS[6][0], EVENTS[5][0]]]
