from __future__ import annotations

import pytest

from shared.contracts.member_events import Left, Member
from shared.contracts.policy_rules import FadingRule
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from tests.triage.partition import COMMUNITY
from tests.triage.people import ADA, HELPER, MIRA, ROBOT, care_policy, posted
from tests.triage.reasons.days import QUIET, acme, asked_for, on, reasons, there

DAILY = range(-20, 1)


def test_a_daily_member_is_missed_within_ten_days() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.pass_time(on(9))
    assert reasons(partition, ADA) == []
    partition.pass_time(on(10))
    need = asked_for(partition, ADA, "fading")
    assert need is not None
    assert (need.rule, need.urgency, need.evidence[0].time) == ("fading.v1", "routine", on(0))
    assert need.since == need.at > on(9)
    assert need.values == {"silent_days": 9.6, "active_days": 21}
    assert need.baseline == {"usual_gap_days": 1}
    assert need.thresholds == {
        "min_active_days": 6,
        "times_usual_gap": 3.0,
        "at_least_days": 9.0,
        "assumed_gap_days": 14.0,
    }


def test_a_monthly_member_is_not_after_two_weeks() -> None:
    partition = acme()
    there(partition, ADA, range(-300, 1, 30))
    partition.pass_time(on(89))
    assert reasons(partition, ADA) == []
    partition.pass_time(on(92))
    assert reasons(partition, ADA) == ["fading"]


def test_who_was_there_a_few_times_is_not_missed() -> None:
    partition = acme()
    there(partition, ADA, range(-4, 1))
    partition.look_at_everything()
    assert reasons(partition, ADA) == []


@pytest.mark.parametrize("member", [HELPER, MIRA, ROBOT], ids=["role", "responder", "bot"])
def test_team_and_bots_are_not_missed(member: Member) -> None:
    partition = acme()
    there(partition, member, DAILY)
    partition.look_at_everything()
    assert partition.raised == []


def test_nor_who_left() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.tell(Left(member=ADA), on(1))
    partition.look_at_everything()
    assert "fading" not in reasons(partition, ADA)


def test_a_sign_of_life_ends_it_and_it_may_come_again() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.pass_time(on(11))
    there(partition, ADA, [12])
    assert [(gone.reason, gone.cause) for gone in partition.gone] == [("fading", "there again")]
    there(partition, ADA, range(13, 20))
    partition.look_at_everything()
    assert [need.reason for need in partition.raised if need.member.id == "ada"].count("fading") == 2


def test_a_word_of_the_team_since_is_enough() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(5))
    partition.look_at_everything()
    assert reasons(partition, ADA) == []


def test_a_word_of_the_team_afterwards_meets_it() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.pass_time(on(11))
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(12))
    assert [(gone.reason, gone.by.id) for gone in partition.gone if gone.by] == [("fading", "mira")]


def test_the_same_day_is_recorded_once() -> None:
    partition = acme()
    there(partition, ADA, [0])
    known = len(partition.events)
    there(partition, ADA, [0.1, 0.2, 0.3])
    assert len(partition.events) == known


def test_a_policy_that_waits_longer_postpones_it() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.adopt(care_policy(**QUIET, fading=FadingRule(at_least_days=30)))
    partition.pass_time(on(29))
    assert reasons(partition, ADA) == []
    partition.pass_time(on(31))
    assert reasons(partition, ADA) == ["fading"]


def test_history_is_no_flood() -> None:
    partition = acme()
    partition.tell(ImportBegan(community=COMMUNITY, import_id="i"), on(0))
    for number in range(20):
        there(partition, Member(id=f"old-{number}"), range(-600, -500), stored=on(0))
    there(partition, ADA, range(-40, -12), stored=on(0))
    partition.tell(ImportEnded(community=COMMUNITY, import_id="i"), on(0))
    partition.pass_time(on(1))
    assert [(need.reason, need.member.id) for need in partition.raised] == [("fading", "ada")]
    partition.look_at_everything()
    assert len(partition.raised) == 1
