from __future__ import annotations

from typing import Any

import pytest
from msgspec.json import encode

from shared.contracts.member_events import Joined, Left
from shared.contracts.names import Urgency
from shared.contracts.policy import Identity
from shared.contracts.policy_rules import CheckInRule, FollowUpRule
from shared.contracts.warmline_facts import CareLogged, TouchAsked, TouchSettled
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, MIRA, care_policy, posted
from tests.triage.reasons.days import LONG_BEFORE, QUIET, acme, on, reasons, there

WHY = "Her mother is ill, she told me at the meetup."


def asks(urgency: Urgency = "soon", **more: Any) -> TouchAsked:
    member = Identity(platform="discord", id=ADA.id)
    return TouchAsked(community=COMMUNITY, member=member, responder="mira", why=WHY, urgency=urgency, **more)


def called(**more: Any) -> CareLogged:
    member = Identity(platform="discord", id=ADA.id)
    return CareLogged(community=COMMUNITY, member=member, responder="mira", way="call", **more)


def test_what_a_person_asks_for_is_raised_as_they_say() -> None:
    partition = acme()
    partition.tell(asks("urgent", conversation="c-9"), on(1))
    (touch,) = partition.touches
    assert (touch.reason, touch.urgency, touch.conversation, touch.since) == ("by-hand", "urgent", "c-9", on(1))
    assert [one.event for one in touch.evidence] == ["e-3"]


def test_what_was_written_is_in_no_store_and_leaves_in_nothing() -> None:
    partition = acme()
    partition.tell(asks(), on(1))
    partition.tell(called(note="She cried."), on(2))
    stored = b"".join(state for _, state in partition.states.values()) + encode(partition.left)
    assert b"mother" not in stored
    assert b"cried" not in stored


def test_it_is_followed_up_though_no_platform_has_told_of_them() -> None:
    partition = acme(follow_up=FollowUpRule(after=("by-hand",)))
    partition.tell(asks(), on(1))
    partition.settle(partition.touches[0], on(2))
    partition.pass_time(on(9))
    assert [(need.reason, need.member.id) for need in partition.raised] == [("by-hand", "ada"), ("follow-up", "ada")]


def test_asked_for_twice_it_is_one_touch_that_rests_on_both_and_is_as_urgent_as_either() -> None:
    partition = acme()
    partition.tell(asks("urgent"), on(1))
    partition.tell(asks("routine"), on(2))
    (touch,) = partition.touches
    assert (touch.revision, touch.urgency, touch.since) == (2, "urgent", on(1))
    assert [one.event for one in touch.evidence] == ["e-3", "e-4"]


def test_it_joins_the_touch_that_is_open() -> None:
    partition = Partition(care_policy(unanswered={"enabled": False}), stored=LONG_BEFORE)
    partition.tell(Joined(member=ADA), on(0))
    partition.pass_time(on(1))
    partition.tell(asks(), on(1, 1))
    (touch,) = partition.touches
    assert {one.reason for one in touch.reasons} == {"welcome", "by-hand"}


def test_only_a_person_settles_it() -> None:
    partition = acme()
    there(partition, ADA, [0])
    partition.tell(asks(), on(1))
    partition.tell(posted(MIRA, "m-mira", mentions=("ada",)), on(2))
    partition.tell(called(), on(3))
    partition.tell(posted(type(ADA)(id="ada", roles=("helper",)), "m-team"), on(4))
    partition.tell(Left(member=ADA), on(5))
    assert "by-hand" in reasons(partition, ADA)


def test_asked_for_again_it_never_rests_even_where_clocks_differ() -> None:
    partition = acme()
    partition.tell(asks(), on(1))
    (touch,) = partition.touches
    settled = TouchSettled(community=COMMUNITY, touch=touch.touch, about=touch.about, outcome="reached")
    partition.tell(settled, on(2, 0.1), stored=on(2))
    partition.tell(asks("routine"), on(2))
    assert [one.touch != touch.touch for one in partition.touches] == [True]


def test_a_call_meets_a_welcome_and_counts_to_who_made_it() -> None:
    partition = Partition(care_policy(unanswered={"enabled": False}), stored=LONG_BEFORE)
    partition.tell(Joined(member=ADA), on(0))
    partition.pass_time(on(1))
    partition.tell(called(), on(2))
    assert partition.touches == []
    (gone,) = partition.gone
    assert gone.by is not None
    assert (gone.reason, gone.by.platform, gone.by.id) == ("welcome", "warmline", "mira")


@pytest.mark.parametrize(("day", "left"), [(-1, ["check-in"]), (11, [])])
def test_a_call_meets_what_was_there_when_it_was_made(day: float, left: list[str]) -> None:
    partition = acme(check_in=CheckInRule(enabled=True, every_days=90, min_active_days=12))
    there(partition, ADA, range(-80, 12, 2))
    assert reasons(partition, ADA) == ["check-in"]
    partition.tell(called(), on(day), stored=on(12))
    assert reasons(partition, ADA) == left


def test_who_was_called_in_time_is_not_checked_in_on() -> None:
    partition = acme(check_in=CheckInRule(enabled=True, every_days=90, min_active_days=12))
    there(partition, ADA, range(-80, 0, 2))
    partition.tell(called(), on(0))
    there(partition, ADA, range(2, 60, 2))
    assert reasons(partition, ADA) == []


def test_who_was_called_before_the_welcome_was_due_needs_none() -> None:
    partition = Partition(care_policy(**{**QUIET, "welcome": {}}), stored=LONG_BEFORE)
    partition.tell(Joined(member=ADA), on(0))
    partition.tell(called(), on(0, 1))
    partition.look_at_everything()
    assert partition.raised == []
