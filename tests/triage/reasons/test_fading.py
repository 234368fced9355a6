from __future__ import annotations

import pytest

from shared.contracts.member_events import Left, Member, Updated
from shared.contracts.policy_rules import FadingRule
from shared.contracts.rules_of_segment import FadingOfSegment
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from tests.triage.partition import COMMUNITY
from tests.triage.people import ADA, BEA, CLEO, HELPER, MIRA, ROBOT, care_policy, posted
from tests.triage.reasons.days import QUIET, VIP, acme, asked_for, on, others, reasons, there

DAILY = range(-20, 1)


def test_a_daily_member_is_missed_within_ten_days() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    others(partition, range(1, 10))
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
    others(partition, range(-300, 90))
    assert reasons(partition, ADA) == []
    others(partition, range(90, 92))
    partition.pass_time(on(92))
    assert reasons(partition, ADA) == ["fading"]


def test_who_was_there_a_few_times_is_not_missed() -> None:
    partition = acme()
    there(partition, ADA, range(-4, 1))
    others(partition, range(1, 60))
    partition.look_at_everything()
    assert reasons(partition, ADA) == []


@pytest.mark.parametrize("member", [HELPER, MIRA, ROBOT], ids=["role", "responder", "bot"])
def test_team_and_bots_are_not_missed(member: Member) -> None:
    partition = acme()
    there(partition, member, DAILY)
    others(partition, range(1, 20))
    partition.look_at_everything()
    assert partition.raised == []


def test_nor_who_left() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.tell(Left(member=ADA), on(1))
    others(partition, range(1, 20))
    partition.look_at_everything()
    assert "fading" not in reasons(partition, ADA)


def test_a_sign_of_life_ends_it_and_it_may_come_again() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    others(partition, range(1, 12))
    there(partition, ADA, [12])
    assert [(gone.reason, gone.cause) for gone in partition.gone] == [("fading", "there again")]
    there(partition, ADA, range(13, 20))
    others(partition, range(20, 40))
    partition.look_at_everything()
    assert [need.reason for need in partition.raised if need.member.id == "ada"].count("fading") == 2


def test_a_word_of_the_team_since_is_enough() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(5))
    others(partition, range(5, 20))
    partition.look_at_everything()
    assert reasons(partition, ADA) == []


def test_a_word_of_the_team_afterwards_meets_it() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    others(partition, range(1, 12))
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
    others(partition, range(1, 31))
    assert reasons(partition, ADA) == []
    partition.pass_time(on(31))
    assert reasons(partition, ADA) == ["fading"]


def test_what_is_usual_in_a_segment_stands_for_a_rhythm_that_is_not_known_yet() -> None:
    own = FadingOfSegment(segment="vip", min_active_days=3, assumed_gap_days=30)
    partition = acme(segments=(VIP,), fading=FadingRule(assumed_gap_days=5, by_segment=(own,)))
    partition.tell(Updated(member=ADA, tags=("vip",)), on(-6))
    for member in (ADA, BEA):
        there(partition, member, range(-5, 1))
    there(partition, CLEO, range(-20, 1))
    partition.tell(Updated(member=CLEO, tags=("vip",)), on(-20))
    others(partition, range(1, 100))
    missed = {need.member.id: need.reasons[0] for need in partition.raised}
    known = {who: (need.segment, need.since, need.baseline["usual_gap_days"]) for who, need in missed.items()}
    assert known == {
        "bea": ("everyone", on(16, -9), 5),
        "ada": ("vip", on(91, -9), 30),
        "cleo": ("vip", on(10, -9), 1),
    }, "who has shown a rhythm is held against that"
    asked_of = ("min_active_days", "assumed_gap_days", "times_usual_gap")
    assert [missed["ada"].thresholds[name] for name in asked_of] == [3, 30, 3]
    assert [missed["bea"].thresholds[name] for name in asked_of] == [6, 5, 3]


def test_a_segment_is_missed_sooner_and_on_fewer_days() -> None:
    own = FadingOfSegment(segment="vip", min_active_days=3, at_least_days=4, times_usual_gap=2, assumed_gap_days=1)
    partition = acme(segments=(VIP,), fading=FadingRule(by_segment=(own,)))
    partition.tell(Updated(member=ADA, tags=("vip",)), on(-3))
    for member in (ADA, BEA):
        there(partition, member, range(-2, 1))
    others(partition, range(1, 60))
    assert [(need.member.id, need.since, need.thresholds["at_least_days"]) for need in partition.raised] == [
        ("ada", on(5, -9), 4)
    ]


def test_who_changes_the_segment_meanwhile_is_missed_by_the_new_one() -> None:
    own = FadingOfSegment(segment="vip", at_least_days=30)
    partition = acme(segments=(VIP,), fading=FadingRule(by_segment=(own,)))
    there(partition, ADA, DAILY)
    others(partition, range(1, 9))
    partition.tell(Updated(member=ADA, tags=("vip",)), on(9))
    others(partition, range(9, 40))
    assert [(need.segment, need.since) for need in partition.raised] == [("vip", on(31, -9))]


def test_nobody_is_missed_while_the_source_tells_nothing_and_they_are_when_it_told_enough_again() -> None:
    partition = acme()
    for number in range(5):
        there(partition, Member(id=f"u-{number}"), range(-20, 1), stored=on(0))
    others(partition, range(11, 19))
    assert partition.raised == []
    others(partition, range(19, 21))
    assert [need.reason for need in partition.raised] == ["fading"] * 5
    assert {need.since for need in partition.raised} == {on(20, -9)}


def test_nor_after_an_export_without_a_live_source_nor_when_one_is_connected_much_later() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    partition.pass_time(on(100))
    looked = len(partition.events)
    partition.pass_time(on(300))
    assert len(partition.events) == looked, "the look has an end"
    others(partition, range(300, 330))
    assert partition.raised == []


def test_another_platform_tells_nothing_of_this_one() -> None:
    partition = acme()
    there(partition, ADA, DAILY)
    for day in range(1, 12):
        partition.tell(posted(HELPER, f"m-{day}", conversation="c-team"), on(day), platform="slack")
    assert reasons(partition, ADA) == []


def test_a_day_on_which_somebody_was_heard_of_is_recorded_once() -> None:
    partition = acme()
    others(partition, [0])
    known = len(partition.events)
    partition.tell(posted(HELPER, "m-again", conversation="c-team"), on(0, 1))
    assert [type(event).__name__ for event in partition.events[known:]] in ([], ["VoiceHeard"])


def test_history_is_no_flood() -> None:
    partition = acme()
    partition.tell(ImportBegan(community=COMMUNITY, import_id="i"), on(0))
    for number in range(20):
        there(partition, Member(id=f"old-{number}"), range(-600, -500), stored=on(0))
    there(partition, ADA, range(-40, -12), stored=on(0))
    others(partition, range(-30, 1), stored=on(0))
    partition.tell(ImportEnded(community=COMMUNITY, import_id="i"), on(0))
    partition.pass_time(on(1))
    assert [(need.reason, need.member.id) for need in partition.raised] == [("fading", "ada")]
    partition.look_at_everything()
    assert len(partition.raised) == 1
