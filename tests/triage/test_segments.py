"""Segments: which one a member is in, why, and which thresholds hold there."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from services.triage.member_facts import SurveyAnswer
from services.triage.member_state import MemberState
from services.triage.rhythm import day_of
from services.triage.rules_by_segment import rules_in, rules_to_arm_by
from shared.contracts.member_events import Updated
from shared.contracts.policy import Segment
from shared.contracts.policy_rules import FadingRule, LowSurveyRule, ReturningRule, Rules, UnansweredRule
from shared.contracts.rules_of_segment import FadingOfSegment, LowSurveyOfSegment, ReturningOfSegment, RuleOfSegment
from shared.segments import EVERYONE, Segments
from tests.triage.making import ADA as ADA_IN_TRIAGE
from tests.triage.making import LONG_AGO, at, seen_at
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, asked, care_policy

OFF = {"enabled": False}
MENTORS = Segment(name="mentors", when="member.days >= 30 && 'mentor' in member.roles", platforms=("discord",))
NEW = Segment(name="new", member_for_less_than_days=30)


def member(days: float, *roles: str) -> MemberState:
    return MemberState(member=ADA_IN_TRIAGE, first=seen_at(-24 * days), roles=roles)


@pytest.mark.parametrize(
    ("who", "segment"),
    [
        (member(40, "mentor"), "mentors"),
        (member(30, "mentor"), "mentors"),
        (member(29.9, "mentor"), "new"),
        (member(40), EVERYONE),
        (MemberState(), "new"),
    ],
)
def test_conditions_in_cel_and_plain_ones_all_hold(who: MemberState, segment: str) -> None:
    assert Segments((MENTORS, NEW)).of(who, at(0)) == segment


@pytest.mark.parametrize("who", [member(days, *roles) for days in (0, 29.9, 30) for roles in ((), ("mentor",))])
def test_a_member_is_in_the_first_segment_of_which_a_look_says_that_it_holds(who: MemberState) -> None:
    every_kind = Segments(
        (
            Segment(name="old", member_for_at_least_days=30, tags=("long-known",)),
            Segment(name="guides", roles=("guide", "mentor"), member_for_at_least_days=30),
            Segment(name="elsewhere", platforms=("slack",)),
            MENTORS,
            NEW,
        )
    )
    held = [look.segment for look in every_kind.look(who, at(0)) if look.holds]
    assert every_kind.of(who, at(0)) == (held[0] if held else EVERYONE)


def test_activity_and_surveys_count_as_of_the_look() -> None:
    quiet = Segment(name="quiet", when="member.active_days_30 == 2 && member.days_since_active == 1")
    unhappy = Segment(name="unhappy", when="member.survey_score <= 6")
    segments, today = Segments((quiet, unhappy)), day_of(at(0))
    active = replace(member(90), active_days=(today - 40, today - 30, today - 29, today - 1))
    answered = SurveyAnswer(survey="autumn", score=6, evidence=seen_at(-1))
    assert segments.of(active, at(0)) == "quiet"
    assert segments.of(active, at(24)) == EVERYONE
    assert segments.of(replace(active, surveyed=answered), at(24)) == "unhappy"
    (look,) = segments.look(member(90), at(0))[1].conditions
    assert (look.measured, look.holds) == ({"member.survey_score": None}, False)


def test_a_look_says_what_was_asked_and_what_the_member_is() -> None:
    elsewhere = Segment(name="elsewhere", platforms=("slack", "irc"), tags=("vip",))
    looks = Segments((elsewhere, MENTORS, NEW)).look(member(40.5, "mentor"), at(0))
    said = {
        one.segment: [(each.condition, dict(each.measured), each.holds) for each in one.conditions] for one in looks
    }
    assert said == {
        "elsewhere": [
            ("tags: one of vip", {"tags": ()}, False),
            ("platforms: one of slack, irc", {"platforms": ("discord",)}, False),
        ],
        "mentors": [
            ("platforms: one of discord", {"platforms": ("discord",)}, True),
            (MENTORS.when, {"member.days": 40, "member.roles": ("mentor",)}, True),
        ],
        "new": [("member for less than 30 days", {"days": 40.5}, False)],
    }
    assert [one.segment for one in looks if one.holds] == ["mentors"]


@pytest.mark.parametrize(
    ("when", "why"),
    [("1 / (member.days - 40) == 1", "divide by zero"), ("member.mood == 1", "there is no 'member.mood'")],
    ids=["fails", "of a version that knew more"],
)
def test_a_condition_that_fails_counts_as_not_met_and_is_told_once(when: str, why: str) -> None:
    with capture_logs() as told:
        segments = Segments((Segment(name="odd", when=when),))
        assert [segments.of(member(40), at(0)) for _ in range(3)] == [EVERYONE] * 3
    assert [(one["segment"], why in one["why"]) for one in told] == [("odd", True)]


def rules(*own: RuleOfSegment, **general: Any) -> Rules:
    return Rules(unanswered=UnansweredRule(**{"within_hours": 4.0, **general}, by_segment=own))


def test_a_segment_has_the_thresholds_that_it_states_and_else_the_general_ones() -> None:
    held = rules(RuleOfSegment(segment="vip", within_hours=1), RuleOfSegment(segment="quiet", enabled=False))
    vip, quiet, others = (rules_in(held, segment).unanswered for segment in ("vip", "quiet", EVERYONE))
    assert (vip.enabled, vip.within_hours, vip.care_load) == (True, 1, 2)
    assert (quiet.enabled, quiet.within_hours) == (False, 4)
    assert others == held.unanswered


@pytest.mark.parametrize(
    ("held", "armed"),
    [
        (rules(), (True, 4)),
        (rules(RuleOfSegment(segment="vip", within_hours=1)), (True, 1)),
        (rules(RuleOfSegment(segment="vip", within_hours=9)), (True, 4)),
        (rules(RuleOfSegment(segment="vip", within_hours=1, enabled=False)), (True, 4)),
        (rules(RuleOfSegment(segment="vip", within_hours=9, enabled=True), enabled=False), (True, 9)),
        (rules(RuleOfSegment(segment="vip", within_hours=1), enabled=False), (False, 1)),
    ],
)
def test_a_deadline_is_set_by_the_soonest_that_is_on(held: Rules, armed: tuple[bool, float]) -> None:
    rule = rules_to_arm_by(held).unanswered
    assert (rule.enabled, rule.within_hours) == armed


def test_of_each_threshold_the_one_arms_that_a_need_is_found_by_soonest() -> None:
    held = Rules(
        fading=FadingRule(
            by_segment=(
                FadingOfSegment(segment="new", min_active_days=3, at_least_days=20, assumed_gap_days=7),
                FadingOfSegment(segment="vip", times_usual_gap=2, at_least_days=5),
                FadingOfSegment(segment="quiet", enabled=False, at_least_days=1),
            )
        ),
        returning=ReturningRule(by_segment=(ReturningOfSegment(segment="new", at_least_days=30, within_hours=2),)),
        low_survey=LowSurveyRule(
            at_most=6,
            by_segment=(LowSurveyOfSegment(segment="vip", at_most=8), LowSurveyOfSegment(segment="new", at_most=3)),
        ),
    )
    armed = rules_to_arm_by(held)
    fading, returning = armed.fading, armed.returning
    assert (fading.min_active_days, fading.times_usual_gap) == (3, 2)
    assert (fading.at_least_days, fading.assumed_gap_days) == (5, 7)
    assert (returning.at_least_days, returning.within_hours, returning.min_active_days) == (30, 2, 4)
    assert armed.low_survey.at_most == 8


def test_who_is_in_a_segment_of_its_own_waits_as_long_as_it_says() -> None:
    vip = Segment(name="vip", when="'vip' in member.tags")
    own = (
        RuleOfSegment(segment="vip", within_hours=1, care_load=5),
        RuleOfSegment(segment=EVERYONE, within_hours=3),
    )
    policy = care_policy(segments=(vip,), welcome=OFF, unanswered={"by_segment": own})
    acme = Partition(policy, stored=LONG_AGO)
    acme.tell(Updated(member=ADA, tags=("vip",)), at(-1))
    acme.tell(asked(ADA, "m-1"), at(0))
    acme.tell(asked(BEA, "m-2", conversation="c-2"), at(0))
    acme.pass_time(at(5))
    raised = [
        (need.member.id, need.segment, need.raised_at, need.thresholds["within_hours"], need.care_load)
        for need in acme.raised
    ]
    assert raised == [("ada", "vip", at(1), 1, 5), ("bea", "everyone", at(3), 3, 2)]
