from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.contracts.member_events import Surveyed
from shared.contracts.policy_rules import FollowUpRule
from shared.contracts.touch_facts import Outcome
from tests.triage.partition import Partition
from tests.triage.people import ADA, MIRA, posted
from tests.triage.reasons.days import acme, asked_for, on, reasons


def settled(outcome: Outcome = "reached", **rules: FollowUpRule) -> Partition:
    """Ada gave a low score, and the touch for it is settled on the next day."""
    partition = acme(**rules)
    partition.tell(Surveyed(member=ADA, survey="nps", score=2), on(0))
    partition.pass_time(on(0, 9))
    partition.settle(partition.touches[0], on(1), outcome)
    return partition


def test_a_week_after_a_low_score_was_taken_up() -> None:
    partition = settled()
    partition.pass_time(on(7.9))
    assert reasons(partition, ADA) == []
    partition.pass_time(on(8))
    need = asked_for(partition, ADA, "follow-up")
    assert need is not None
    assert (need.since, need.values, need.thresholds) == (on(8), {"after": "low-survey"}, {"after_days": 7.0})


def test_also_after_the_team_took_it_up_on_the_platform() -> None:
    """By the time that the touch is settled, its need has been met, and is over."""
    partition = acme()
    partition.tell(Surveyed(member=ADA, survey="nps", score=2), on(0))
    partition.pass_time(on(0, 9))
    touch = partition.touches[0]
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(0.9))
    assert partition.touches == []
    partition.settle(touch, on(1), "replied-on-platform")
    partition.pass_time(on(8))
    assert asked_for(partition, ADA, "follow-up") is not None


def test_not_after_a_reason_that_joined_while_the_touch_was_being_settled() -> None:
    partition = acme()
    partition.tell(Surveyed(member=ADA, survey="nps", score=2), on(0))
    partition.pass_time(on(0, 9))
    (touch,) = partition.touches
    partition.settle(replace(touch, revision=touch.revision - 1), on(1))
    assert partition.member("ada").occasion("follow-up") is None


def test_not_after_a_flag_that_was_wrong() -> None:
    partition = settled("not-needed")
    partition.look_at_everything()
    assert [need.reason for need in partition.raised] == ["low-survey"]


def test_not_after_other_reasons() -> None:
    partition = settled(follow_up=FollowUpRule(after=("moderated",)))
    partition.look_at_everything()
    assert [need.reason for need in partition.raised] == ["low-survey"]


@pytest.mark.parametrize(("day", "left"), [(4, ["follow-up"]), (9, [])])
def test_a_word_of_the_team_meets_it_once_it_is_due(day: float, left: list[str]) -> None:
    partition = settled()
    partition.pass_time(on(day))
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(day))
    partition.pass_time(on(10))
    assert reasons(partition, ADA) == left


def test_a_follow_up_is_not_followed_up() -> None:
    partition = settled()
    partition.pass_time(on(9))
    partition.settle(partition.touches[0], on(9))
    partition.look_at_everything()
    assert [need.reason for need in partition.raised] == ["low-survey", "follow-up"]
