"""Members who asked not to be contacted: what is raised about them nevertheless, and what comes when that ends."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from shared.contracts.member_events import Joined, Moderated
from shared.contracts.policy import Identity, Tone
from shared.contracts.policy_rules import CheckInRule
from shared.contracts.warmline_facts import ContactAllowed, ContactDeclined, MemberLinked, TouchAsked
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, care_policy, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, acme, asked_for, on, reasons, there

WHOM: dict[str, Any] = {
    "community": COMMUNITY,
    "member": Identity(platform="discord", id=ADA.id),
    "responder": "mira",
}
ASKED = TouchAsked(**WHOM, why="Her mother is ill.", urgency="soon")
CHECK_IN = CheckInRule(enabled=True, every_days=90, min_active_days=12)
CRISIS, INSULT = "I want to kill myself.", "You are a pathetic fucking idiot, shut up."
THANKS = (
    "Thank you so much! Your explanation of how the partitions are owned and handed over saved my week, and I have"
    " already shown it to my whole team, who understood all of it at once."
)
QUESTION = "How do I restore a backup?"


def decline(partition: Partition, at: datetime, *, until: datetime | None = None) -> None:
    partition.tell(ContactDeclined(**WHOM, until=until), at)


def allow(partition: Partition, at: datetime) -> None:
    partition.tell(ContactAllowed(**WHOM), at)


def listening() -> Partition:
    """A community in which questions are answered, newcomers greeted, and what is written read for its tone."""
    return Partition(care_policy(tone=Tone(enabled=True, language="en")), stored=LONG_BEFORE)


def test_what_is_open_is_withdrawn_wherever_it_was_found() -> None:
    partition = listening()
    partition.tell(posted(ADA, "m-1", text=QUESTION), on(0))
    partition.tell(posted(ADA, "m-2", text=QUESTION, conversation="c-2"), on(0, 1))
    partition.tell(Joined(member=ADA), on(0, 2))
    partition.tell(posted(ADA, "m-3", text=THANKS, conversation="c-3"), on(0, 3))
    partition.pass_time(on(1))
    assert reasons(partition, ADA) == ["thanks", "unanswered", "unanswered", "welcome"]
    decline(partition, on(2))
    assert partition.touches == []
    assert {(one.cause, one.by, one.evidence[0].time) for one in partition.gone} == {
        ("asked not to be contacted", None, on(2))
    }
    partition.look_at_everything()
    assert partition.touches == []


def test_of_very_many_questions_none_is_left() -> None:
    partition = listening()
    for number in range(12):
        partition.tell(posted(ADA, f"m-{number}", text=QUESTION, conversation=f"c-{number}"), on(0, number / 10))
    partition.pass_time(on(2))
    decline(partition, on(3))
    assert partition.touches == []
    assert len(partition.gone) == 12 + 1  # the questions, and the welcome


@pytest.mark.parametrize("until", [None, on(60)])
def test_nothing_is_asked_for_meanwhile_but_what_a_person_must_decide(until: datetime | None) -> None:
    partition = listening()
    decline(partition, on(-1), until=until)
    partition.tell(posted(BEA, "m-0"), on(0))
    partition.tell(posted(ADA, "m-1", text=f"{QUESTION} This is useless, I give up!"), on(0, 1))
    partition.tell(Moderated(member=ADA, action="timeout"), on(0, 2))
    partition.tell(posted(ADA, "m-2", text=QUESTION, conversation="c-2"), on(0, 3))
    partition.pass_time(on(3))
    assert reasons(partition, ADA) == []
    partition.tell(posted(ADA, "m-3", text=CRISIS), on(4))
    partition.tell(posted(ADA, "m-4", text=INSULT, mentions=("bea",)), on(5))
    partition.tell(ASKED, on(6))
    assert reasons(partition, ADA) == ["by-hand", "distress", "heated"]
    assert all(one.values["asked_not_to_be_contacted"] is True for one in partition.open if one.member.id == ADA.id)
    assert all("asked_not_to_be_contacted" not in one.values for one in partition.open if one.member.id == BEA.id)


def test_what_a_person_must_decide_stays_open() -> None:
    partition = listening()
    partition.tell(posted(ADA, "m-1", text=CRISIS), on(0))
    partition.tell(ASKED, on(1))
    decline(partition, on(2))
    assert reasons(partition, ADA) == ["by-hand", "distress"]


def test_who_may_not_be_contacted_is_not_checked_in_on_until_that_ends() -> None:
    partition = acme(check_in=CHECK_IN)
    there(partition, ADA, range(-88, 0, 2))
    decline(partition, on(0), until=on(14))
    there(partition, ADA, range(2, 14, 2))
    assert reasons(partition, ADA) == []
    there(partition, ADA, [14])
    found = asked_for(partition, ADA, "check-in")
    assert found is not None
    assert found.at == on(14)


def test_what_waited_is_looked_at_when_somebody_says_so() -> None:
    partition = acme(check_in=CHECK_IN)
    there(partition, ADA, range(-88, 0, 2))
    decline(partition, on(0))
    there(partition, ADA, range(2, 12, 2))
    partition.pass_time(on(12))
    assert reasons(partition, ADA) == []
    allow(partition, on(12))
    partition.pass_time(on(13))
    assert reasons(partition, ADA) == ["check-in"]


def test_a_question_that_was_asked_meanwhile_is_looked_at_on_the_day() -> None:
    partition = listening()
    decline(partition, on(0), until=on(3))
    partition.tell(posted(ADA, "m-1", text=QUESTION), on(1))
    partition.pass_time(on(2, 23))
    assert partition.touches == []
    partition.pass_time(on(3))
    assert reasons(partition, ADA) == ["unanswered", "welcome"]


def test_the_newest_word_counts() -> None:
    partition = Partition(care_policy(**{**QUIET, "welcome": {}}), stored=LONG_BEFORE)
    partition.tell(Joined(member=ADA), on(0))
    decline(partition, on(0, 1))
    decline(partition, on(0, 2), until=on(2))
    partition.pass_time(on(1, 23))
    assert partition.raised == []
    partition.pass_time(on(2))
    assert reasons(partition, ADA) == ["welcome"]


def test_others_are_asked_for_as_ever() -> None:
    partition = listening()
    decline(partition, on(0))
    partition.tell(posted(BEA, "m-1", text=QUESTION), on(1))
    partition.pass_time(on(2))
    assert reasons(partition, BEA) == ["unanswered", "welcome"]


def test_it_holds_for_the_person_whoever_else_they_are() -> None:
    partition = listening()
    both = {"member": WHOM["member"], "other": Identity(platform="discord", id=BEA.id)}
    partition.tell(MemberLinked(community=COMMUNITY, **both, why="She said so.", responder="mira"), on(0))
    partition.tell(posted(BEA, "m-1", text=QUESTION), on(0, 1))
    partition.pass_time(on(1))
    assert reasons(partition, BEA) == ["unanswered", "welcome"]
    decline(partition, on(2))
    assert partition.touches == []
    partition.tell(posted(BEA, "m-2", text=QUESTION, conversation="c-2"), on(3))
    partition.pass_time(on(4))
    assert partition.touches == []


def one_person(partition: Partition, at: datetime) -> None:
    both = {"member": WHOM["member"], "other": Identity(platform="discord", id=BEA.id)}
    partition.tell(MemberLinked(community=COMMUNITY, **both, why="She said so.", responder="mira"), at)


def test_what_waits_for_another_identity_of_the_person_is_looked_at_on_the_day() -> None:
    partition = listening()
    one_person(partition, on(0))
    decline(partition, on(0), until=on(3))
    partition.tell(Joined(member=BEA), on(0, 1))
    partition.tell(posted(BEA, "m-1", text=QUESTION), on(1))
    partition.tell(posted(BEA, "m-2", conversation="c-2"), on(2))
    partition.tell(Moderated(member=BEA, action="timeout"), on(2, 1))
    partition.pass_time(on(2, 23))
    assert partition.touches == []
    partition.pass_time(on(3))
    assert reasons(partition, BEA) == ["moderated", "unanswered", "welcome"]


def test_what_the_identities_of_a_person_said_holds_together() -> None:
    partition = listening()
    one_person(partition, on(0))
    decline(partition, on(0), until=on(3))
    partition.tell(ContactDeclined(**{**WHOM, "member": Identity(platform="discord", id=BEA.id)}, until=on(2)), on(0))
    partition.tell(posted(BEA, "m-1", text=QUESTION), on(1))
    partition.pass_time(on(2, 23))
    assert partition.touches == []
    partition.pass_time(on(3))
    assert reasons(partition, BEA) == ["unanswered", "welcome"]
