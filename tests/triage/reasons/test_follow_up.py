from __future__ import annotations

from itertools import permutations

import pytest
from msgspec.structs import replace

from shared.contracts.member_events import Solved, Surveyed
from shared.contracts.policy_rules import FollowUpRule
from shared.contracts.touch_facts import Outcome
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, MIRA, asked, posted
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


AFTER_SOLVED = FollowUpRule(after_solved=True)


def test_a_week_after_a_problem_was_solved_where_that_is_asked_for() -> None:
    for rule, raised in ((AFTER_SOLVED, [on(7)]), (FollowUpRule(), [])):
        partition = acme(follow_up=rule)
        partition.tell(asked(ADA, "m-1", conversation="c-2"), on(-0.1))
        partition.tell(Solved(member=BEA, conversation="c-2"), on(0))
        partition.pass_time(on(9))
        assert [need.raised_at for need in partition.raised] == raised
    partition = acme(follow_up=AFTER_SOLVED)
    partition.tell(asked(ADA, "m-1", conversation="c-2"), on(-0.1))
    partition.tell(Solved(member=BEA, conversation="c-2"), on(0))
    partition.pass_time(on(7))
    need = asked_for(partition, ADA, "follow-up")
    assert need is not None
    assert (need.values, need.conversation, need.evidence[0].time) == ({"after": "solved"}, "c-2", on(0))


def test_who_has_problems_solved_every_few_days_is_asked_all_the_same() -> None:
    partition = acme(follow_up=AFTER_SOLVED)
    for day in (0, 5):
        partition.tell(asked(ADA, f"m-{day}", conversation=f"c-{day}"), on(day - 0.1))
        partition.tell(Solved(member=BEA, conversation=f"c-{day}"), on(day))
    partition.pass_time(on(7))
    assert [(need.raised_at, need.reasons[0].conversation) for need in partition.raised] == [(on(7), "c-0")]


def test_of_those_that_wait_the_earliest_counts_whatever_order_they_arrive_in() -> None:
    for order in permutations((2, 3, 4)):
        partition = acme(follow_up=AFTER_SOLVED)
        for day in order:
            partition.tell(asked(ADA, f"m-{day}", conversation=f"c-{day}"), on(day - 0.1), stored=on(4))
            partition.tell(Solved(member=BEA, conversation=f"c-{day}"), on(day), stored=on(4))
        partition.look_at_everything()
        assert [(need.raised_at, need.reasons[0].conversation) for need in partition.raised] == [(on(9), "c-2")]


def test_whose_problem_it_was_is_told_by_the_earliest_post_whatever_order_they_arrive_in() -> None:
    told = [
        (asked(ADA, "m-1", conversation="c-2"), -0.2),
        (posted(BEA, "m-2", conversation="c-2"), -0.1),
        (Solved(member=BEA, conversation="c-2"), 0),
    ]
    for order in permutations(told):
        partition = acme(follow_up=AFTER_SOLVED)
        for data, day in order:
            partition.tell(data, on(day), stored=on(0.1))
        partition.pass_time(on(9))
        assert [(need.reason, need.member.id) for need in partition.raised] == [("follow-up", "ada")]


def test_not_after_the_team_s_own_questions() -> None:
    partition = acme(follow_up=AFTER_SOLVED)
    partition.tell(asked(MIRA, "m-1", conversation="c-2"), on(-0.1))
    partition.tell(Solved(member=MIRA, conversation="c-2"), on(0))
    partition.look_at_everything()
    assert partition.raised == []
