"""What a rule measured and what would have made the difference, in the desk's words."""

from __future__ import annotations

from typing import Any

import pytest

from services.projections.desk.measures import measures
from services.projections.desk.words import difference
from services.projections.resources import ReasonItem
from tests.triage.making import MONDAY


def reason(**fields: Any) -> ReasonItem:
    given = {"values": {}, "thresholds": {}, "baseline": {}, "difference": None, **fields}
    return ReasonItem(
        reason="distress",
        since=MONDAY,
        at=MONDAY,
        urgency="soon",
        importance=1.0,
        why=None,
        conversation=None,
        rule="distress.v1",
        policy_version="v1",
        evidence=[],
        **given,
    )


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        (None, None),
        ("an answer within 4 h", "An answer within 4 h would have made the difference."),
        (
            "a fainter sign: a score below 0.897",
            "A fainter sign would have made the difference: a score below 0.897.",
        ),
        ("nothing: a person asked for it", "Nothing would have made the difference: a person asked for it."),
    ],
)
def test_the_difference_is_a_sentence(told: str | None, shown: str | None) -> None:
    assert difference(reason(difference=told)) == shown


def test_a_threshold_stands_beside_what_was_measured_as_the_least_that_counts() -> None:
    one = reason(
        values={"distress": 0.9, "found_at": "10-19 24-30", "reader": "7203241c-ae264898"},
        thresholds={"alerts_per_thousand": 1.0, "distress": 0.897},
    )
    assert measures(one) == [
        ("Signs of distress", "0.9"),
        ("Places in the text, by character", "10-19 24-30"),
        ("Version of the reading", "7203241c-ae264898"),
        ("At least: signs of distress", "0.897"),
        ("Shown of a thousand messages", "1"),
    ]


def test_what_is_usual_for_the_member_is_told_as_theirs() -> None:
    one = reason(values={"silent_days": 9.6}, baseline={"usual_gap_days": 1})
    assert measures(one) == [
        ("Days of silence", "9.6 days"),
        ("Usual for them: days that usually pass between two visits", "1 day"),
    ]
