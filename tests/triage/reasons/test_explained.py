"""What every reason says for itself: its rule's numbers, and a difference that is true: with it nobody is asked."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, get_args

import pytest

from shared.contracts.member_events import (
    Attended,
    Left,
    Moderated,
    Planned,
    Registered,
    Solved,
    Surveyed,
    Updated,
)
from shared.contracts.names import Reason
from shared.contracts.needs_touch import Scalar, TouchReason
from shared.contracts.policy import Identity, Tone
from shared.contracts.policy_rules import CheckInRule, FadingRule, FollowUpRule, MilestoneRule, RitualRule
from shared.contracts.tone_rules import FrustrationRule, OutOfCharacterRule
from shared.contracts.warmline_facts import FollowUpPromised, ImportBegan, ImportEnded, TouchAsked
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, MIRA, asked, care_policy, joined, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, acme, on, others, there
from tests.triage.signs import CRISIS, DISTRESS, INSULT, THANKS

WHOM: dict[str, Any] = {"community": COMMUNITY, "member": Identity(platform="discord", id=ADA.id), "responder": "mira"}
RHYTHM = {"min_active_days": 6, "times_usual_gap": 3.0, "at_least_days": 9.0, "assumed_gap_days": 14.0}
UNMISSED = FadingRule(enabled=False)
CALM = "The build is green again."
LONG_TEXT = "The build is green and the partitions are handed over as they should be. " * 5


def word(partition: Partition, day: float, hour: float = 0) -> None:
    """Have somebody of the team turn to Ada."""
    partition.tell(posted(MIRA, f"m-mira-{day}-{hour}", mentions=("ada",)), on(day, hour))


def read(**rules: Any) -> Partition:
    """A community that reads tone."""
    return Partition(care_policy(tone=Tone(enabled=True, language="en"), **QUIET, **rules), stored=LONG_BEFORE)


def welcome(differs: bool) -> Partition:
    partition = Partition(care_policy(unanswered={"enabled": False}), stored=LONG_BEFORE)
    partition.tell(joined(ADA), on(0))
    if differs:
        word(partition, 0, 7.9)
    partition.pass_time(on(1))
    return partition


def unanswered(differs: bool) -> Partition:
    partition = Partition(care_policy(welcome={"enabled": False}), stored=LONG_BEFORE)
    partition.tell(asked(ADA, "m-1"), on(0))
    if differs:
        partition.tell(posted(BEA, "m-2"), on(0, 3.9))
    partition.pass_time(on(1))
    return partition


def fading_by(what: str) -> Callable[[bool], Partition]:
    def told(differs: bool) -> Partition:
        partition = acme()
        there(partition, ADA, range(-20, 1))
        others(partition, range(1, 10))
        if differs and what == "life":
            there(partition, ADA, [9.6])
        elif differs:
            word(partition, 9.6)
        partition.pass_time(on(10))
        return partition

    return told


def returning(differs: bool) -> Partition:
    partition = acme(fading=UNMISSED)
    others(partition, range(-120, 1))
    there(partition, ADA, [*range(-120, -100), 0])
    if differs:
        word(partition, 0, 7.9)
    partition.pass_time(on(1))
    return partition


def accepted(differs: bool) -> Partition:
    partition = acme()
    for hour, data in enumerate((posted(BEA, "m-1"), posted(ADA, "m-2"))):
        partition.tell(data, on(0, hour - 2))
    partition.tell(Solved(member=BEA, conversation="c-1", message="m-2"), on(0))
    if differs:
        word(partition, 0, 7.9)
    partition.pass_time(on(1))
    return partition


def role_gained(differs: bool) -> Partition:
    partition = acme(milestone=MilestoneRule(roles=("mentor", "host")))
    for hour, roles in enumerate(((), ("mentor",))):
        partition.tell(Updated(member=type(ADA)(id="ada", roles=roles)), on(0, hour - 1))
    if differs:
        word(partition, 0, 7.9)
    partition.pass_time(on(1))
    return partition


def low_survey(differs: bool) -> Partition:
    partition = acme()
    partition.tell(Surveyed(member=ADA, survey="nps", score=7 if differs else 6), on(0))
    partition.pass_time(on(1))
    return partition


def low_survey_taken_up(differs: bool) -> Partition:
    partition = acme()
    partition.tell(Surveyed(member=ADA, survey="nps", score=2), on(0))
    if differs:
        word(partition, 0, 7.9)
    partition.pass_time(on(1))
    return partition


def contradicted(differs: bool) -> Partition:
    partition = read()
    partition.tell(Surveyed(member=ADA, survey="nps", score=9, comment=CALM if differs else INSULT), on(0))
    partition.pass_time(on(1))
    return partition


def moderated(differs: bool) -> Partition:
    partition = acme()
    there(partition, ADA, [-9, -5, -1])
    partition.tell(Moderated(member=ADA, action="silenced"), on(0))
    if differs:
        word(partition, 0, 3.9)
    partition.pass_time(on(1))
    return partition


def farewell(differs: bool) -> Partition:
    partition = acme()
    there(partition, ADA, range(-20, 0, 2))
    partition.tell(Left(member=ADA), on(0))
    if differs:
        word(partition, 0, 7.9)
    partition.pass_time(on(1))
    return partition


def check_in(differs: bool) -> Partition:
    partition = acme(check_in=CheckInRule(enabled=True), fading=UNMISSED)
    there(partition, ADA, range(-80, 0, 2))
    if differs:
        word(partition, -79.5)
    there(partition, ADA, range(0, 10, 2))
    partition.pass_time(on(10.4))
    return partition


def held_back(partition: Partition, *, differs: bool, day: float) -> Partition:
    """An import holds back the look of that day, and is over some hours later."""
    partition.tell(ImportBegan(community=COMMUNITY, import_id="i"), on(day - 0.2))
    if differs:
        word(partition, day, 1)
    partition.tell(ImportEnded(community=COMMUNITY, import_id="i"), on(day + 0.2))
    partition.pass_time(on(day + 0.2))
    return partition


def followed_up(differs: bool) -> Partition:
    partition = acme()
    partition.tell(Surveyed(member=ADA, survey="nps", score=2), on(0))
    partition.pass_time(on(0, 9))
    partition.settle(partition.touches[0], on(1))
    return held_back(partition, differs=differs, day=8)


def solved(differs: bool) -> Partition:
    partition = acme(follow_up=FollowUpRule(after_solved=True, after_days=1))
    partition.tell(asked(ADA, "m-1", conversation="c-2"), on(-0.1))
    partition.tell(Solved(member=BEA, conversation="c-2"), on(0))
    return held_back(partition, differs=differs, day=1)


def promised(differs: bool) -> Partition:
    partition = acme()
    partition.tell(posted(ADA, "m-1"), on(-30))
    partition.tell(FollowUpPromised(**WHOM, day=on(3).date()), on(0))
    return held_back(partition, differs=differs, day=3 - 9 / 24)


def crisis(differs: bool) -> Partition:
    partition = read()
    partition.tell(posted(ADA, "m-1", text=CALM if differs else CRISIS), on(0))
    return partition


def distress(differs: bool) -> Partition:
    partition = read()
    partition.tell(posted(ADA, "m-1", text=CALM if differs else DISTRESS), on(0))
    return partition


def heated(differs: bool) -> Partition:
    partition = read()
    partition.tell(posted(ADA, "m-1", text=INSULT), on(0))
    partition.tell(posted(BEA, "m-2", text=CALM if differs else INSULT), on(0, 0.1))
    return partition


def frustration(differs: bool) -> Partition:
    partition = read(frustration=FrustrationRule(alerts_per_thousand=100))
    text = CALM if differs else "I'm fed up with this nonsense, for the hundredth time."
    for number in range(200):
        partition.tell(posted(BEA, f"m-b{number}", text=CALM), on(-1))
    partition.tell(posted(ADA, "m-1", text=text), on(0))
    return partition


def thanks(differs: bool) -> Partition:
    partition = read()
    partition.tell(posted(ADA, "m-1", text="Thanks." if differs else THANKS), on(0))
    return partition


def out_of_character(differs: bool) -> Partition:
    partition = read(out_of_character=OutOfCharacterRule(enabled=True), fading=UNMISSED)
    for day in range(-30, 0):
        partition.tell(posted(ADA, f"m-{day}", text=LONG_TEXT), on(day, 1))
    for day in range(3):
        as_usual = differs and day == 1
        partition.tell(posted(ADA, f"m-{day}", text=LONG_TEXT if as_usual else "No."), on(day, 1 if as_usual else 14))
    return partition


def by_hand(_differs: bool) -> Partition:
    partition = acme()
    partition.tell(TouchAsked(**WHOM, why="Her mother is ill.", urgency="soon"), on(0))
    return partition


def weekly(differs: bool) -> Partition:
    partition = Partition(care_policy(**QUIET, ritual=RitualRule(enabled=True, day="friday")), stored=LONG_BEFORE)
    if not differs:
        partition.tell(joined(ADA), on(0))
    partition.pass_time(on(5))
    return partition


def gathering(differs: bool) -> Partition:
    partition = acme(ritual=RitualRule(enabled=True, lists=("gathering",)))
    planned = Planned(member=BEA, gathering="call", title="Welcome call", starts_at=on(5), called_off=differs)
    partition.tell(planned, on(0))
    partition.tell(Registered(member=ADA, gathering="call"), on(1))
    partition.pass_time(on(4.5))
    return partition


def first_gathering(differs: bool) -> Partition:
    partition = acme(ritual=RitualRule(enabled=True, lists=("first-gathering",)))
    if differs:
        partition.tell(Attended(member=ADA, gathering="earlier"), on(-30), stored=on(-10))
    partition.tell(Attended(member=ADA, gathering="call"), on(0))
    partition.pass_time(on(1))
    return partition


@dataclass(frozen=True, kw_only=True)
class Case:
    """One way to a touch; ``told`` with ``True`` also tells what is said to make the difference."""

    reason: Reason
    told: Callable[[bool], Partition]
    difference: str
    thresholds: dict[str, Scalar]


ALWAYS_RAISED = "nothing: a person asked for it"
CASES = (
    Case(
        reason="welcome",
        told=welcome,
        difference="a greeting by the team within 8 h",
        thresholds={"within_hours": 8.0, "greeted_by": "team"},
    ),
    Case(
        reason="unanswered",
        told=unanswered,
        difference="an answer within 4 h",
        thresholds={"within_hours": 4.0, "answered_by": "anyone"},
    ),
    *(
        Case(
            reason="fading",
            told=fading_by(what),
            difference="a sign of life or a word of the team within 9 days 15 h",
            thresholds=RHYTHM,
        )
        for what in ("life", "word")
    ),
    Case(
        reason="returning",
        told=returning,
        difference="a word of the team within 8 h",
        thresholds={"within_hours": 8.0, **RHYTHM, "min_active_days": 4, "at_least_days": 60.0},
    ),
    Case(
        reason="milestone",
        told=accepted,
        difference="a word of the team within 8 h",
        thresholds={"within_hours": 8.0, "settling_in_days": 7.0},
    ),
    Case(
        reason="milestone",
        told=role_gained,
        difference="a word of the team within 8 h",
        thresholds={"within_hours": 8.0, "roles": "mentor, host"},
    ),
    *(
        Case(
            reason="low-survey",
            told=told,
            difference="a score above 6, or a word of the team within 8 h",
            thresholds={"within_hours": 8.0, "at_most": 6},
        )
        for told in (low_survey, low_survey_taken_up)
    ),
    Case(
        reason="low-survey",
        told=contradicted,
        difference="a fainter sign in the comment, or a word of the team within 8 h",
        thresholds={"within_hours": 8.0, "at_most": 6, "hostility": 0.5, "alerts_per_thousand": 1.0},
    ),
    Case(
        reason="moderated",
        told=moderated,
        difference="a word of the team within 4 h",
        thresholds={"within_hours": 4.0, "min_active_days": 2, "actions": "any"},
    ),
    Case(
        reason="farewell",
        told=farewell,
        difference="a word of the team within 8 h",
        thresholds={"within_hours": 8.0, "min_active_days": 6},
    ),
    Case(
        reason="check-in",
        told=check_in,
        difference="a word of the team within 90 days",
        thresholds={"every_days": 90.0, "min_active_days": 12},
    ),
    Case(
        reason="follow-up",
        told=followed_up,
        difference="a word of the team after 7 days or more",
        thresholds={"after_days": 7.0},
    ),
    Case(
        reason="follow-up",
        told=solved,
        difference="a word of the team after 1 day or more",
        thresholds={"after_days": 1.0},
    ),
    Case(
        reason="follow-up",
        told=promised,
        difference="a word of the team since the day that was promised",
        thresholds={},
    ),
    Case(
        reason="distress",
        told=crisis,
        difference="a text without crisis wording: such wording is always shown",
        thresholds={"alerts_per_thousand": 1.0},
    ),
    Case(
        reason="distress",
        told=distress,
        difference="a fainter sign: a score below {distress:g}",
        thresholds={"alerts_per_thousand": 1.0, "distress": 0.5},
    ),
    Case(
        reason="heated",
        told=heated,
        difference="a fainter sign: a score below {hostility:g}",
        thresholds={"alerts_per_thousand": 1.0, "taken_together_hours": 2.0, "hostility": 0.5},
    ),
    Case(
        reason="frustration",
        told=frustration,
        difference="a fainter sign: a score below {frustration:g}",
        thresholds={
            "alerts_per_thousand": 100.0,
            "taken_together_days": 7.0,
            "borne_out_above": 0.5,
            "frustration": 0.5,
        },
    ),
    Case(
        reason="thanks",
        told=thanks,
        difference="a fainter sign: a score below {gratitude:g}",
        thresholds={"alerts_per_thousand": 0.5, "gratitude": 0.5},
    ),
    Case(
        reason="out-of-character",
        told=out_of_character,
        difference="one of the last 3 days as usual",
        thresholds={
            "alerts_per_thousand": 0.5,
            "change": 0.5,
            "ways": 2,
            "days_in_a_row": 3,
            "usual_days": 15,
            "times_usual": 4.0,
            "hours_away": 3.0,
            "ill_humour": 0.3,
            "usual_ill_humour": 0.1,
        },
    ),
    Case(reason="by-hand", told=by_hand, difference=ALWAYS_RAISED, thresholds={}),
    Case(
        reason="ritual",
        told=weekly,
        difference="an empty list: it is asked for every week",
        thresholds={"day": "friday", "at": "09:00", "at_most": 20},
    ),
    Case(
        reason="ritual",
        told=gathering,
        difference="calling it off: a list is made before every gathering",
        thresholds={"hours_before": 24.0, "at_most": 20},
    ),
    Case(
        reason="ritual",
        told=first_gathering,
        difference="a gathering without newcomers",
        thresholds={"hours_after": 4.0, "at_most": 20},
    ),
)
QUOTES_A_TEXT = {"distress", "heated", "frustration", "thanks"}
NO_BASELINE: dict[Reason, str] = {
    "welcome": "nothing of them is known yet",
    "unanswered": "it is about the question, whoever asked",
    "milestone": "it is no departure from what is usual for them",
    "low-survey": "an answer of theirs is low by itself",
    "moderated": "it is about what was done to them",
    "farewell": "they left, whatever was usual",
    "check-in": "it is about the team's words, not theirs",
    "follow-up": "it is about a touch before it",
    "distress": "it is held against the community's texts, and a member's are not kept to compare",
    "heated": "it is held against the community's texts, and a member's are not kept to compare",
    "frustration": "it is held against the community's texts, and a member's are not kept to compare",
    "thanks": "it is held against the community's texts, and a member's are not kept to compare",
    "by-hand": "a person asked for it",
    "ritual": "it is about no single member",
}
LEARNT = ("distress", "hostility", "frustration", "gratitude", "change")
"""Thresholds that are no number of a rule: the community's budget sets them."""


def found(case: Case, *, differs: bool) -> list[TouchReason]:
    told = [one for touch in case.told(differs).raised for one in touch.reasons]
    return [one for one in told if one.reason == case.reason]


def test_no_reason_is_left_out() -> None:
    assert {case.reason for case in CASES} == set(get_args(Reason))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}: {case.told.__name__}")
def test_it_names_its_rules_numbers_and_what_would_have_made_the_difference(case: Case) -> None:
    (need,) = found(case, differs=False)
    assert need.difference == case.difference.format(**need.thresholds)
    assert need.thresholds.keys() == case.thresholds.keys()
    fixed = {name: value for name, value in need.thresholds.items() if name not in LEARNT}
    assert fixed == {name: value for name, value in case.thresholds.items() if name not in LEARNT}


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.reason}: {case.told.__name__}")
def test_it_says_on_what_it_rests(case: Case) -> None:
    (need,) = found(case, differs=False)
    assert need.rule == f"{case.reason}.v1"
    assert need.policy_version == "v1"
    assert need.evidence
    assert all(one.event.startswith("e-") for one in need.evidence)
    assert bool(need.values) == (case.reason != "by-hand")
    assert bool(need.values.get("found_at")) == (case.reason in QUOTES_A_TEXT or case.told is contradicted)
    assert bool(need.baseline) == (case.reason not in NO_BASELINE)


@pytest.mark.parametrize(
    "case",
    [case for case in CASES if case.difference != ALWAYS_RAISED],
    ids=lambda case: f"{case.reason}: {case.told.__name__}",
)
def test_with_that_difference_nobody_is_asked(case: Case) -> None:
    assert found(case, differs=True) == []
