"""A newcomer whose only message was deleted needs no welcome, unless they are there again."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from services.triage.member import MEMBER
from services.triage.member_facts import MemberSeen
from services.triage.needs import NeedGone
from services.triage.newcomer_facts import LoseMessage, NewcomerBack, NewcomerKnownBy, NewcomerSeenAgain, NewcomerUnseen
from shared.contracts.member_events import Deleted, Edited, Left, Member, Moderated, Reacted, Updated
from tests.triage.making import ADA as ADA_REF
from tests.triage.making import LONG_AGO, at, note, seen_at
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, HELPER, care_policy, joined, posted
from tests.triage.spec import given

NOBODY = Member(id="nobody")
LOST = LoseMessage(message="m-1", evidence=seen_at(2))
UNSEEN = NewcomerUnseen(evidence=seen_at(2))


class TestWhatANewcomerIsKnownBy:
    def test_the_message_by_which_they_are_known_is_lost(self) -> None:
        after = given(MEMBER).after(note(ADA_REF, 0, message="m-1")).when(LOST).then(UNSEEN)
        assert after.deadlines == ()
        after.when(LOST).then()

    def test_another_message_or_anything_else_they_do_keeps_them_there(self) -> None:
        seen = given(MEMBER).after(note(ADA_REF, 0, message="m-1"))
        for more in (note(ADA_REF, 1, message="m-2"), note(ADA_REF, 1)):
            again = seen.when(more).then(NewcomerSeenAgain(evidence=seen_at(1)))
            again.when(LOST).then()
            again.when(more).then()

    def test_an_edit_of_it_or_what_is_done_to_them_does_not(self) -> None:
        seen = given(MEMBER).after(note(ADA_REF, 0, message="m-1"))
        for same in (note(ADA_REF, 1, message="m-1"), note(ADA_REF, 1, there=False)):
            seen.when(same).then().when(LOST).then(UNSEEN)

    def test_who_joined_is_there_whatever_becomes_of_what_they_wrote(self) -> None:
        given(MEMBER).after(note(ADA_REF, 0, joined=True), note(ADA_REF, 1, message="m-1")).when(LOST).then()
        given(MEMBER).after(note(ADA_REF, 1, message="m-1"), note(ADA_REF, 0, joined=True)).when(LOST).then()

    def test_they_are_awaited_anew_when_they_are_there_again(self) -> None:
        after = given(MEMBER).after(note(ADA_REF, 0, message="m-1"), LOST)
        again = after.when(note(ADA_REF, 5, message="m-2")).then(NewcomerBack(evidence=seen_at(5), message="m-2"))
        assert [deadline.due for deadline in again.deadlines] == [at(8)]
        again.when(LoseMessage(message="m-2", evidence=seen_at(6))).then()

    def test_what_is_told_of_them_counts_neither_before_nor_after_what_they_write(self) -> None:
        told, wrote = note(ADA_REF, 0, there=False), note(ADA_REF, 1, message="m-1")
        for order in permutations((told, wrote)):
            given(MEMBER).after(*order).when(LOST).then(UNSEEN)
        given(MEMBER).after(told).when(wrote).then(NewcomerKnownBy(message="m-1", evidence=seen_at(1)))

    def test_what_an_earlier_build_knew_them_by_counts(self) -> None:
        before = MemberSeen(member=ADA_REF, evidence=seen_at(0), joined=False, welcome_due=at(8))
        given(MEMBER, before).after(note(ADA_REF, 1, message="m-1")).when(LOST).then()


@pytest.fixture
def acme() -> Partition:
    acme = Partition(care_policy(unanswered={"enabled": False}), stored=LONG_AGO)
    acme.tell(joined(HELPER), LONG_AGO)
    return acme


def delete(acme: Partition, message: str, hours: float, by: Member = ADA) -> None:
    acme.tell(Deleted(member=by, conversation="c-1", message=message), at(hours))


def welcomes(acme: Partition, hours: float = 30) -> list[str]:
    acme.pass_time(at(hours))
    return [need.member.id for need in acme.open if need.reason == "welcome"]


@pytest.mark.parametrize("by", [ADA, NOBODY])
def test_the_touch_is_withdrawn_with_the_only_message(acme: Partition, by: Member) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    assert welcomes(acme, 10) == ["ada"]
    delete(acme, "m-1", 11, by)
    assert acme.touches == []
    assert [one.cause for one in acme.gone] == ["their only message was deleted"]
    assert isinstance(acme.gone[0], NeedGone)


def test_nor_is_one_raised_where_it_is_deleted_before(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(posted(BEA, "m-2"), at(0))
    delete(acme, "m-1", 1)
    assert welcomes(acme) == ["bea"]


@pytest.mark.parametrize(
    "more",
    [
        posted(ADA, "m-2", conversation="c-2"),
        Reacted(member=ADA, conversation="c-1", message="m-0", reaction="+1"),
        joined(ADA),
    ],
)
def test_it_stays_where_they_are_known_by_more(acme: Partition, more: Any) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(more, at(0.5))
    delete(acme, "m-1", 1)
    assert welcomes(acme) == ["ada"]


def test_what_is_done_to_them_is_no_more(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(Edited(member=ADA, conversation="c-1", message="m-1", text="Buy!"), at(0.2))
    acme.tell(Moderated(member=ADA, action="removed"), at(0.5))
    acme.tell(Updated(member=ADA, tags=("new",)), at(0.5))
    delete(acme, "m-1", 1)
    assert "ada" not in welcomes(acme)


def test_they_are_welcomed_when_they_write_again_also_after_the_touch_was_withdrawn(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    assert welcomes(acme, 10) == ["ada"]
    delete(acme, "m-1", 11)
    acme.tell(posted(ADA, "m-2"), at(12))
    back = acme.event_id
    assert welcomes(acme, 13) == ["ada"]
    assert [one.event for one in acme.open[0].evidence] == [back]


def test_or_when_it_is_there_again(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    delete(acme, "m-1", 1)
    acme.tell(Edited(member=ADA, conversation="c-1", message="m-1", text="Hello.", recovered=True), at(2))
    assert welcomes(acme) == ["ada"]


def test_who_left_is_not_awaited(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1"), at(0))
    delete(acme, "m-1", 1)
    acme.tell(Left(member=ADA), at(2))
    assert welcomes(acme) == []


@pytest.mark.parametrize("again", [True, False])
def test_whichever_is_heard_of_first(again: bool) -> None:
    told = [(posted(ADA, "m-1"), at(0)), (Deleted(member=ADA, conversation="c-1", message="m-1"), at(1))]
    told += [(posted(ADA, "m-2"), at(2))] if again else []
    for order in permutations(told):
        acme = Partition(care_policy(unanswered={"enabled": False}), stored=LONG_AGO)
        acme.tell(joined(HELPER), LONG_AGO)
        for data, time in order:
            acme.tell(data, time, stored=at(3))
        assert welcomes(acme) == (["ada"] if again else [])
