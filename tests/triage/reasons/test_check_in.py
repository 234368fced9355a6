from __future__ import annotations

from shared.contracts.member_events import Member
from shared.contracts.policy_rules import CheckInRule, FadingRule
from tests.triage.partition import Partition
from tests.triage.people import ADA, MIRA, posted
from tests.triage.reasons.days import acme, asked_for, on, reasons, there

QUARTERLY = {"check_in": CheckInRule(enabled=True, every_days=90), "fading": FadingRule(enabled=False)}


def turned_to(partition: Partition, member: Member, day: float) -> None:
    partition.tell(posted(MIRA, f"m-mira-{day}", mentions=(member.id,)), on(day))


def test_nobody_of_the_team_has_turned_to_somebody_who_is_there() -> None:
    partition = acme(**QUARTERLY)
    there(partition, ADA, range(-80, 30, 2))
    need = asked_for(partition, ADA, "check-in")
    assert need is not None
    assert (need.at, need.values["days_since_contact"]) == (on(10), None)


def test_the_cadence_counts_from_the_last_word_of_the_team() -> None:
    partition = acme(**QUARTERLY)
    there(partition, ADA, range(-80, 0, 2))
    turned_to(partition, ADA, -1)
    there(partition, ADA, range(0, 100, 2))
    need = asked_for(partition, ADA, "check-in")
    assert need is not None
    assert (need.at, need.values["days_since_contact"]) == (on(89), 90.0)


def test_a_word_meets_it_and_the_next_is_due_after_as_long() -> None:
    partition = acme(**QUARTERLY)
    there(partition, ADA, range(-80, 20, 2))
    turned_to(partition, ADA, 20)
    assert reasons(partition, ADA) == []
    there(partition, ADA, range(22, 130, 2))
    assert [need.raised_at for need in partition.raised if need.reason == "check-in"] == [on(10), on(110)]


def test_one_that_was_settled_is_not_asked_for_again_at_once() -> None:
    partition = acme(**QUARTERLY)
    there(partition, ADA, range(-80, 12, 2))
    partition.settle(partition.touches[0], on(12), "no-response")
    there(partition, ADA, range(14, 60, 2))
    assert [need.reason for need in partition.raised] == ["check-in"]


def test_who_is_not_there_any_more_is_no_matter_of_a_cadence() -> None:
    partition = acme(**QUARTERLY)
    there(partition, ADA, range(-300, -200, 2))
    turned_to(partition, ADA, -150)
    partition.look_at_everything()
    assert len(partition.raised) == 1  # on the 90th day after the beginning
    assert partition.raised[0].raised_at < on(-200)


def test_it_is_off_unless_the_policy_turns_it_on() -> None:
    partition = acme(fading=FadingRule(enabled=False))
    there(partition, ADA, range(-200, 0, 2))
    partition.look_at_everything()
    assert partition.raised == []
