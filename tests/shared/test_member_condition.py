"""Conditions in CEL: what holds, what is wrong in one, and that none goes on for ever."""

from __future__ import annotations

import time

import pytest

from shared.member_condition import ConditionFailedError, ConditionFaultyError, MemberCondition, Value

ADA: dict[str, Value] = {
    "member.days": 40,
    "member.platform": "zulip",
    "member.roles": ("mentor", "team-lead"),
    "member.tags": (),
    "member.active_days_30": 1,
    "member.days_since_active": 12,
}
"""Of whom no answer to a survey is known."""


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("member.days >= 30 && 'mentor' in member.roles", True),
        ("member.days >= 30 && 'vip' in member.tags", False),
        ("!(member.platform in ['discord', 'slack']) || member.days < 7", True),
        ("member.roles.exists(role, role.startsWith('team-'))", True),
        ("member.roles.all(role, role.matches('^team'))", False),
        ("size(member.tags) == 0", True),
        ("member.days > 50 ? member.platform == 'zulip' : size(member.roles) == 2", True),
        ("member.days == 40 || 1 / (member.days - 40) == 1", True),
        ("member.active_days_30 < 2 && member.days_since_active > 10", True),
        ("member.survey_score <= 6", False),
        ("!(member.survey_score <= 6)", False),
        ("member.survey_score <= 6 || member.days == 40", True),
    ],
)
def test_a_condition_holds_or_not(text: str, holds: bool) -> None:
    assert MemberCondition(text).holds(ADA) is holds


def test_it_knows_what_it_asks_for() -> None:
    assert MemberCondition("member.days > 1 && 'x' in member.tags").asks_for == ("member.days", "member.tags")
    assert MemberCondition("member . survey_score\n > 1 || member\n.days > 3").asks_for == (
        "member.days",
        "member.survey_score",
    )
    assert MemberCondition("member . survey_score <= 6").holds(ADA) is False


@pytest.mark.parametrize(
    ("text", "problem", "fix"),
    [
        ("member.day >= 30", "there is no 'member.day' (character 1)", "Did you mean 'member.days'?"),
        ("mood == 3", "there is no 'mood' (character 1)", "may ask for: member.days, member.platform"),
        ("true &&\n member.rolls == ['x']", "there is no 'member.rolls' (line 2, character 2)", "'member.roles'?"),
        ("member.days >= '30'", "'>=' does not go with (int, string) (character 13)", "numbers whole and without"),
        ("member.days >= 2.5", "'>=' does not go with (int, double)", "numbers whole"),
        ("'x' in member.platform", "'in' does not go with (string, string)", "a list on the right of 'in'"),
        ("member.days > 3 and true", "mismatched input 'and' (character 17)", "join by &&, || and !"),
        ("member.days = 3", "token recognition error at: '= ' (character 13)", "Compare by =="),
        ("member.days", "a value of the kind int, neither true nor false", "Compare by =="),
        ("has(member.days)", "there is no 'has'", "may ask for"),
        ("member.platform.matches('(')", "'(' is no pattern: missing ): ( (character 25)", "regular expression"),
        ("member.days > 5 &&\n 'a' in member.tags && 'é'.matches(r\"[a\")", "(line 2, character 36)", "as RE2 reads"),
        ("member.tags.exists(tag, matches(tag , '*x'))", "no argument for repetition operator: * (character 39)", ""),
        ("(" * 100 + "true" + ")" * 100, "recursion limit exceeded", "a simpler condition"),
    ],
)
def test_what_is_wrong_is_named_with_its_place_and_fix(text: str, problem: str, fix: str) -> None:
    with pytest.raises(ConditionFaultyError) as refused:
        MemberCondition(text)
    assert problem in refused.value.faults[0].problem
    assert fix in refused.value.faults[0].fix


def test_a_text_that_looks_like_a_pattern_is_none() -> None:
    condition = MemberCondition("'x.matches(\\'(\\')' in member.tags || member.platform.matches('^zul(ip)?$')")
    assert condition.holds(ADA) is True


def test_everything_unknown_is_named_at_once() -> None:
    with pytest.raises(ConditionFaultyError) as refused:
        MemberCondition("mood > 1 && luck > 2")
    assert len(refused.value.faults) == 2


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 / (member.days - 40) == 1", "divide by zero"),
        ("member.tags[0] == 'x'", "index"),
        ("member.roles.all(a, member.roles.all(b, member.roles.all(c, a + b != c)))", "budget exceeded"),
    ],
)
def test_what_cannot_be_evaluated_says_why_and_soon(text: str, why: str) -> None:
    condition, many = MemberCondition(text), {**ADA, "member.roles": tuple(f"role-{n}" for n in range(200))}
    began = time.process_time()
    with pytest.raises(ConditionFailedError, match=why):
        condition.holds(many)
    assert time.process_time() - began < 1
