"""Whatever order events arrive in before they are looked at, the same is asked for the same members."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.member_events import (
    Attended,
    Cancelled,
    Joined,
    Left,
    MemberEventData,
    Moderated,
    Solved,
    Surveyed,
    Updated,
)
from shared.contracts.policy_rules import (
    CheckInRule,
    FadingRule,
    FarewellRule,
    LowSurveyRule,
    MilestoneRule,
    ModeratedRule,
    ReturningRule,
)
from shared.contracts.rules_of_segment import FadingOfSegment, LowSurveyOfSegment, ReturningOfSegment
from tests.triage.people import ADA, BEA, MIRA, posted
from tests.triage.reasons.days import VIP, acme, on

EVER = {"forget_after_days": 3650.0}
RULES = {
    "segments": (VIP,),
    "fading": FadingRule(
        min_active_days=3,
        assumed_gap_days=3,
        by_segment=(FadingOfSegment(segment=VIP.name, min_active_days=2, at_least_days=3),),
        **EVER,
    ),
    "returning": ReturningRule(
        min_active_days=2,
        at_least_days=20,
        assumed_gap_days=3,
        by_segment=(ReturningOfSegment(segment=VIP.name, at_least_days=10),),
        **EVER,
    ),
    "milestone": MilestoneRule(min_active_days=2, forget_after_days=40),
    "low_survey": LowSurveyRule(by_segment=(LowSurveyOfSegment(segment=VIP.name, at_most=9),), **EVER),
    "moderated": ModeratedRule(**EVER),
    "farewell": FarewellRule(min_active_days=2, **EVER),
    "check_in": CheckInRule(enabled=True, every_days=30, min_active_days=3, **EVER),
}
LAST = 420
ARRIVAL = on(LAST + 1)
PEERS = st.sampled_from([ADA, BEA])
EVENTS: st.SearchStrategy[MemberEventData] = st.one_of(
    st.builds(Attended, member=PEERS, gathering=st.just("call")),
    st.builds(Attended, member=PEERS, gathering=st.just("call")),
    st.builds(posted, PEERS, st.just("m-peer"), conversation=st.sampled_from(["c-1", "c-2"])),
    st.builds(lambda peer: posted(MIRA, "m-mira", mentions=(peer.id,), conversation="c-team"), PEERS),
    st.builds(Surveyed, member=PEERS, survey=st.just("nps"), score=st.sampled_from([2, 9])),
    st.builds(Moderated, member=PEERS, action=st.just("warned")),
    st.builds(Solved, member=PEERS, conversation=st.just("pull"), contributor=st.sampled_from(["ada", "bea"])),
    st.builds(Left, member=PEERS),
    st.builds(Cancelled, member=PEERS),
    st.builds(Joined, member=PEERS),
)
DAYS = st.one_of(st.integers(0, 40), st.integers(360, LAST))
HISTORIES = st.lists(st.tuples(DAYS, EVENTS), min_size=1, max_size=14).map(
    # No two things happen at one time.
    lambda told: [(on(day, number / 100), data) for number, (day, data) in enumerate(told)]
)


def asked(told: list[tuple[datetime, MemberEventData]]) -> list[tuple[Any, ...]]:
    partition = acme(**RULES)
    partition.tell(Updated(member=BEA, tags=VIP.tags), on(0))
    for time, data in told:
        partition.tell(data, time, stored=ARRIVAL)
    partition.pass_time(on(LAST + 2))
    return sorted((one.reason, one.member.id, str(one.values)) for one in partition.open)


@settings(deadline=None, max_examples=50)
@given(data=st.data(), told=HISTORIES)
def test_the_same_is_asked(data: st.DataObject, told: list[Any]) -> None:
    shuffled = data.draw(st.permutations(told))
    assert asked(shuffled) == asked(sorted(told, key=lambda one: one[0]))
