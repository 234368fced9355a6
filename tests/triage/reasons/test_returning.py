from __future__ import annotations

from shared.contracts.member_events import Member, Updated
from shared.contracts.policy_rules import FadingRule, ReturningRule
from shared.contracts.rules_of_segment import ReturningOfSegment
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from tests.triage.partition import COMMUNITY
from tests.triage.people import ADA, BEA, MIRA, posted
from tests.triage.reasons.days import VIP, acme, asked_for, on, others, reasons, there

UNMISSED = FadingRule(enabled=False)
BEFORE = range(-120, -100)
BEFORE_AND_SINCE = range(-120, 1)


def test_somebody_is_back_after_a_silence_that_was_long_for_them() -> None:
    partition = acme(fading=UNMISSED)
    others(partition, BEFORE_AND_SINCE)
    there(partition, ADA, [*BEFORE, 0])
    partition.pass_time(on(0, 7))
    assert reasons(partition, ADA) == []
    partition.pass_time(on(0, 9))
    need = asked_for(partition, ADA, "returning")
    assert need is not None
    assert (need.evidence[0].time, need.values) == (on(0), {"silent_days": 101, "active_days": 21})
    assert need.baseline == {"usual_gap_days": 1}


def test_not_after_a_short_one_nor_after_one_that_is_usual_for_them() -> None:
    partition = acme(fading=UNMISSED)
    others(partition, range(-720, 1))
    there(partition, ADA, [*range(-60, -40), 0])
    there(partition, Member(id="quarterly"), range(-720, 1, 90))
    partition.look_at_everything()
    assert partition.raised == []


def test_in_which_segment_they_are_says_which_silence_is_long() -> None:
    own = ReturningOfSegment(segment="vip", at_least_days=30, within_hours=2)
    partition = acme(fading=UNMISSED, segments=(VIP,), returning=ReturningRule(by_segment=(own,)))
    others(partition, range(-60, 1))
    partition.tell(Updated(member=ADA, tags=("vip",)), on(-60))
    for member in (ADA, BEA):
        there(partition, member, range(-60, -40))
    for member in (ADA, BEA):
        there(partition, member, [0])
    partition.look_at_everything()
    assert [(need.member.id, need.segment, need.raised_at) for need in partition.raised] == [
        ("ada", "vip", on(0, 2)),
    ]
    assert partition.raised[0].thresholds == {
        "within_hours": 2,
        "min_active_days": 4,
        "times_usual_gap": 3,
        "at_least_days": 30,
        "assumed_gap_days": 14,
    }


def test_a_silence_that_is_long_in_another_segment_only_hides_none_that_was() -> None:
    own = ReturningOfSegment(segment="vip", at_least_days=5)
    partition = acme(fading=UNMISSED, segments=(VIP,), returning=ReturningRule(by_segment=(own,)))
    others(partition, BEFORE_AND_SINCE)
    there(partition, ADA, [*BEFORE, 0])
    others(partition, range(1, 8))
    partition.settle(partition.touches[0], on(7))
    there(partition, ADA, [8])
    partition.look_at_everything()
    assert [(need.reason, need.since) for need in partition.raised] == [("returning", on(0, -9))]


def test_who_was_missed_is_back_whatever_the_length() -> None:
    partition = acme()
    there(partition, ADA, range(-20, 1))
    others(partition, range(1, 12))
    partition.pass_time(on(12))
    assert reasons(partition, ADA) == ["fading"]
    there(partition, ADA, [12])
    partition.pass_time(on(13))
    assert reasons(partition, ADA) == ["returning"]


def test_a_word_of_the_team_is_a_welcome_back() -> None:
    for after, raised in ((2, 0), (30, 1)):
        partition = acme(fading=UNMISSED)
        others(partition, BEFORE_AND_SINCE)
        there(partition, ADA, [*BEFORE, 0])
        partition.pass_time(on(0, after))
        partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(0, after))
        partition.look_at_everything()
        assert (len(partition.raised), reasons(partition, ADA)) == (raised, [])


def test_nobody_is_back_when_a_source_is_that_told_nothing() -> None:
    partition = acme(fading=UNMISSED)
    members = [Member(id=f"u-{number}") for number in range(5)]
    for day in [*BEFORE, 0]:
        for member in members:
            there(partition, member, [day])
    partition.look_at_everything()
    assert partition.raised == []


def test_what_comes_to_light_of_the_days_between_says_who_was_away() -> None:
    partition = acme(fading=UNMISSED)
    there(partition, ADA, [*BEFORE, 0])
    others(partition, range(-99, 0), stored=on(0))
    partition.pass_time(on(0, 9))
    assert reasons(partition, ADA) == ["returning"]


def test_a_silence_of_the_source_before_is_no_habit_of_theirs() -> None:
    partition = acme(fading=UNMISSED)
    others(partition, [*range(-300, -280), *range(-120, 1)])
    there(partition, ADA, [-290, -281, *range(-120, -115), 0])
    partition.pass_time(on(0, 9))
    need = asked_for(partition, ADA, "returning")
    assert need is not None
    assert (need.values["silent_days"], need.baseline) == (116, {"usual_gap_days": 14})


def test_an_event_of_the_time_in_between_that_arrives_late_takes_it_away() -> None:
    partition = acme(fading=UNMISSED)
    others(partition, BEFORE_AND_SINCE)
    there(partition, ADA, [*BEFORE, 0])
    there(partition, ADA, [-60, -20])
    partition.look_at_everything()
    assert partition.raised == []


def test_history_is_no_flood() -> None:
    partition = acme()
    partition.tell(ImportBegan(community=COMMUNITY, import_id="i"), on(0))
    for number in range(20):
        there(partition, Member(id=f"old-{number}"), [*range(-800, -780), *range(-600, -590)], stored=on(0))
    there(partition, ADA, [*BEFORE, -2], stored=on(0))
    others(partition, BEFORE_AND_SINCE, stored=on(0))
    partition.tell(ImportEnded(community=COMMUNITY, import_id="i"), on(0))
    partition.look_at_everything()
    assert [(need.reason, need.member.id) for need in partition.raised][:1] == [("returning", "ada")]
    assert {need.member.id for need in partition.raised} == {"ada"}
