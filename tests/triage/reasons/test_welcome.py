"""Whether somebody turned to a newcomer, where a peer's word counts."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shared.contracts.member_events import Member
from tests.triage.making import LONG_AGO, at
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, CLEO, HELPER, ROBOT, care_policy, joined, posted

ANYONES = care_policy(welcome={"greeted_by": "anyone"})
TEAMS = care_policy(welcome={"greeted_by": "team"})


def partition(policy: Any = ANYONES) -> Partition:
    acme = Partition(policy, stored=LONG_AGO)
    acme.tell(joined(HELPER), LONG_AGO)
    return acme


def welcomed_later(acme: Partition) -> set[str]:
    """Return of whom it is asked, when each newcomer's time has come, that they be welcomed."""
    acme.pass_time(at(30))
    return {need.member.id for need in acme.open if need.reason == "welcome"}


def test_nobody_turned_to_who_was_not_answered() -> None:
    acme = partition()
    acme.tell(posted(ADA, "m-1"), at(0))
    assert welcomed_later(acme) == {"ada"}
    [need] = acme.open
    assert (need.thresholds["greeted_by"], need.difference) == ("anyone", "a greeting or an answer within 8 h")


def test_a_peers_answer_to_what_they_opened_counts() -> None:
    acme = partition()
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(posted(BEA, "m-2"), at(1))
    assert welcomed_later(acme) == {"bea"}


def test_so_does_one_beside_their_thread() -> None:
    acme = partition()
    acme.tell(posted(ADA, "m-1", text="How do I start?", conversation="m-1", place="7"), at(0))
    acme.tell(posted(BEA, "m-2", conversation="m-2", place="7", mentions=()), at(0.1))
    assert "ada" not in welcomed_later(acme)


@pytest.mark.parametrize("first", [True, False])
def test_a_peers_mention_counts_whichever_arrives_first(first: bool) -> None:
    acme = partition()
    told = [(posted(ADA, "m-1"), at(0)), (posted(BEA, "m-2", conversation="c-2", mentions=("ada",)), at(1))]
    for data, time in told if first else reversed(told):
        acme.tell(data, time, stored=at(2))
    assert welcomed_later(acme) == {"bea"}


def test_who_joins_in_is_not_answered_by_what_others_say_to_others() -> None:
    acme = partition()
    acme.tell(posted(BEA, "m-1"), at(0))
    acme.tell(posted(ADA, "m-2"), at(1))
    acme.tell(posted(CLEO, "m-3"), at(2))
    assert welcomed_later(acme) == {"ada", "cleo"}


@pytest.mark.parametrize("member", [ADA, ROBOT])
def test_neither_oneself_nor_a_bot_turns_to_anybody(member: Member) -> None:
    acme = partition()
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(posted(member, "m-2", mentions=("ada",)), at(1))
    assert welcomed_later(acme) == {"ada"}


def test_where_only_the_teams_word_counts_a_peers_does_not() -> None:
    acme = partition(TEAMS)
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.tell(posted(BEA, "m-2", mentions=("ada",)), at(1))
    assert welcomed_later(acme) == {"ada", "bea"}
    assert (acme.member("ada").spoke_in, acme.member("ada").addressed) == ((), None)


@pytest.mark.parametrize("mentions", [(), ("ada",)])
def test_a_word_that_comes_late_takes_the_need_back(mentions: tuple[str, ...]) -> None:
    acme = partition()
    acme.tell(posted(ADA, "m-1"), at(0))
    acme.pass_time(at(9))
    acme.tell(posted(BEA, "m-2", conversation="c-2" if mentions else "c-1", mentions=mentions), at(10))
    assert [(gone.reason, gone.cause) for gone in acme.gone] == [("welcome", "a peer turned to them")]


def test_an_answer_in_the_last_of_very_many_conversations_may_be_overlooked() -> None:
    acme = partition()
    for number in range(20):
        acme.tell(posted(ADA, f"m-{number}", conversation=f"c-{number}"), at(0) + timedelta(minutes=number))
    assert len(acme.member("ada").spoke_in) == 16
    acme.tell(posted(BEA, "m-99", conversation="c-19"), at(1))
    assert welcomed_later(acme) == {"ada", "bea"}
