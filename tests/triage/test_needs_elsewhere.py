"""What a conversation or the reading of tone found of a member ends with what becomes of them."""

from __future__ import annotations

from typing import Any

import pytest

from shared.contracts.member_events import Joined, Left, Member, Updated
from shared.contracts.policy import Identity, Tone
from shared.contracts.warmline_facts import CareLogged, ToneOptOut
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import COMMUNITY, Partition
from tests.triage.people import ADA, BEA, MIRA, asked, care_policy, posted
from tests.triage.signs import CRISIS, DISTRESS, INSULT, THANKS

HELPER_NOW = Updated(member=Member(id="ada", roles=("helper",)))
BOT_NOW = Updated(member=Member(id="ada", bot=True))
OPTED_OUT = ToneOptOut(community=COMMUNITY, member=Identity(platform="discord", id="ada"), opted_out=True)


@pytest.fixture
def acme() -> Partition:
    return community()


def community() -> Partition:
    policy = care_policy(tone=Tone(enabled=True, language="en"), welcome={"enabled": False})
    return Partition(policy, stored=LONG_AGO)


def find_all(partition: Partition) -> None:
    """Ada asked, insulted somebody, is not well and thanked the team."""
    partition.tell(posted(BEA, "m-1", conversation="c-2"), at(0))
    partition.tell(posted(ADA, "m-2", conversation="c-2", text=INSULT), at(0.1))
    partition.tell(posted(ADA, "m-3", conversation="c-3", text=DISTRESS), at(0.2))
    partition.tell(posted(ADA, "m-4", conversation="c-4", text=THANKS), at(0.3))
    partition.tell(asked(ADA, "m-5"), at(0.4))
    partition.pass_time(at(5))
    assert open_of(partition) == ["distress", "heated", "thanks", "unanswered"]


def open_of(partition: Partition) -> list[str]:
    return sorted(reason.reason for reason in partition.open)


@pytest.mark.parametrize(
    ("data", "cause", "left"),
    [
        (Left(member=ADA), "the member left", []),
        (BOT_NOW, "a bot", []),
        (HELPER_NOW, "one of the team", []),
        (OPTED_OUT, "opted out of the reading of tone", ["unanswered"]),
    ],
    ids=["left", "bot", "team", "opted-out"],
)
def test_it_ends_with_who_it_is_about(acme: Partition, data: Any, cause: str, left: list[str]) -> None:
    find_all(acme)
    acme.tell(data, at(6))
    assert open_of(acme) == left
    assert {(one.cause, one.by, one.at, len(one.evidence)) for one in acme.gone} == {(cause, None, at(6), 1)}
    acme.look_at_everything()
    assert open_of(acme) == left


@pytest.mark.parametrize(
    ("data", "left"),
    [(Left(member=ADA), ["distress"]), (BOT_NOW, []), (HELPER_NOW, ["distress"]), (OPTED_OUT, ["distress"])],
    ids=["left", "bot", "team", "opted-out"],
)
def test_a_crisis_is_settled_by_a_human_only(acme: Partition, data: Any, left: list[str]) -> None:
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(0))
    acme.tell(data, at(1))
    assert open_of(acme) == left


def test_what_is_said_after_leaving_is_of_somebody_who_is_there(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(2))
    acme.tell(Left(member=ADA), at(1), stored=at(3))
    assert open_of(acme) == ["distress"]


def test_who_joined_again_since_has_not_left(acme: Partition) -> None:
    find_all(acme)
    acme.tell(Joined(member=ADA), at(7))
    acme.tell(Left(member=ADA), at(6), stored=at(8))
    assert len(open_of(acme)) == 4


def test_what_arrives_after_they_left_asks_nobody_but_for_a_crisis(acme: Partition) -> None:
    acme.tell(posted(BEA, "m-1"), at(0))
    acme.tell(Left(member=ADA), at(1))
    acme.tell(posted(ADA, "m-2", text=INSULT), at(0.5), stored=at(2))
    acme.tell(posted(ADA, "m-3", text=DISTRESS), at(0.6), stored=at(2))
    assert open_of(acme) == []
    acme.tell(posted(ADA, "m-4", text=CRISIS), at(0.7), stored=at(2))
    assert open_of(acme) == ["distress"]


@pytest.mark.parametrize(
    "contact",
    [
        posted(MIRA, "m-9", conversation="c-9", mentions=("ada",)),
        posted(MIRA, "m-9", conversation="c-3"),
        CareLogged(community=COMMUNITY, member=Identity(platform="discord", id="ada"), responder="mira", way="call"),
    ],
    ids=["mention", "reply", "logged"],
)
def test_a_word_of_the_team_meets_what_asks_for_one(acme: Partition, contact: Any) -> None:
    find_all(acme)
    acme.tell(contact, at(6))
    assert open_of(acme) == ["heated", "unanswered"]
    assert {(one.reason, one.cause, one.by and one.by.id) for one in acme.gone} == {
        ("distress", "the team turned to them", "mira"),
        ("thanks", "the team turned to them", "mira"),
    }


@pytest.mark.parametrize("tone", [Tone(), Tone(enabled=True, communities=("other",))], ids=["off", "elsewhere"])
def test_a_word_of_the_team_meets_what_tone_had_found_before_it_was_turned_off(acme: Partition, tone: Tone) -> None:
    find_all(acme)
    acme.adopt(care_policy(tone=tone, welcome={"enabled": False}))
    acme.tell(posted(MIRA, "m-9", conversation="c-9", mentions=("ada",)), at(6))
    assert open_of(acme) == ["heated", "unanswered"]


def test_a_word_before_meets_nothing(acme: Partition) -> None:
    find_all(acme)
    acme.tell(posted(MIRA, "m-9", conversation="c-9", mentions=("ada",)), at(0.1), stored=at(6))
    assert len(open_of(acme)) == 4


def test_a_word_is_no_answer_to_a_crisis(acme: Partition) -> None:
    acme.tell(posted(ADA, "m-1", text=CRISIS), at(0))
    acme.tell(posted(MIRA, "m-2", mentions=("ada",)), at(1))
    assert open_of(acme) == ["distress"]


def test_a_word_that_is_known_before_the_sign_that_it_came_after_holds_it_back(acme: Partition) -> None:
    acme.tell(posted(MIRA, "m-2", mentions=("ada",)), at(1))
    acme.tell(posted(ADA, "m-1", text=DISTRESS), at(0), stored=at(2))
    assert open_of(acme) == []
    acme.tell(posted(ADA, "m-3", text=CRISIS), at(0), stored=at(2))
    assert open_of(acme) == ["distress"]


def test_of_very_many_questions_each_ends(acme: Partition) -> None:
    for number in range(20):
        acme.tell(asked(ADA, f"m-{number}", conversation=f"c-{number}"), at(number / 60))
    acme.pass_time(at(6))
    before = len(acme.left)
    acme.tell(Left(member=ADA), at(7))
    assert (open_of(acme), len(acme.gone)) == ([], 20)
    assert len(acme.left) - before == 8, "those that were counted go untold"
