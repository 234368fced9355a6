"""Answers beside threads: whom what is said in a channel answers."""

from __future__ import annotations

from typing import Any

import pytest

from services.triage.channel import (
    CHANNEL,
    QUESTIONS_KEPT,
    REMARKS_KEPT,
    AnsweredBeside,
    ChannelState,
    NoteRemark,
    Remark,
)
from services.triage.voices import Post
from shared.contracts.member_events import Member, Posted
from shared.contracts.needs_touch import MemberRef
from tests.triage.making import ADA as ADA_REF
from tests.triage.making import BEA as BEA_REF
from tests.triage.making import CLEO as CLEO_REF
from tests.triage.making import LONG_AGO, at, seen_at
from tests.triage.making import MIRA as MIRA_REF
from tests.triage.partition import Partition
from tests.triage.people import ADA, BEA, CLEO, HELPER, care_policy

MINUTE = 1 / 60


def said(
    member: MemberRef, hours: float, *names: str, asks: bool = False, team: bool = False, reply: bool = False
) -> NoteRemark:
    post = Post(member=member, evidence=seen_at(hours), message=f"m-{hours}", asks=asks, team=team)
    return NoteRemark(remark=Remark(post=post, said_to=names, reply=reply), opens=not reply)


def told(*commands: NoteRemark) -> tuple[list[Any], ChannelState]:
    """Return what follows from ``commands``, and the channel after it."""
    happened: list[Any] = []
    state = CHANNEL.initial
    for command in commands:
        events = CHANNEL.decide(command, state)
        state = CHANNEL.fold(events, state)
        happened += events
    return happened, state


def answers(*commands: NoteRemark) -> list[tuple[str, str]]:
    """Return whose answers to what came to light."""
    events, _ = told(*commands)
    return [(event.question, event.answer.member.id) for event in events if isinstance(event, AnsweredBeside)]


ASKED = said(ADA_REF, 0, asks=True)


@pytest.mark.parametrize(
    ("remark", "answered"),
    [
        (said(BEA_REF, 15 * MINUTE), True),
        (said(BEA_REF, 16 * MINUTE), False),
        (said(BEA_REF, 24, "ada"), True),
        (said(BEA_REF, 24.1, "ada"), False),
        (said(BEA_REF, 1 * MINUTE, "cleo"), False),
        (said(BEA_REF, 1 * MINUTE, "cleo", "ada"), True),
        (said(ADA_REF, 1 * MINUTE), False),
        (said(ADA_REF, 1 * MINUTE, "ada"), False),
        (said(BEA_REF, 1 * MINUTE, reply=True), False),
        (said(BEA_REF, 1 * MINUTE, "ada", reply=True), True),
        (said(BEA_REF, -1 * MINUTE, "ada"), False),
    ],
)
def test_who_names_the_asker_answers_for_a_day_and_who_names_nobody_for_a_while(
    remark: NoteRemark, answered: bool
) -> None:
    expected = [("m-0", remark.remark.post.member.id)] if answered else []
    assert answers(ASKED, remark) == answers(remark, ASKED) == expected


def test_a_question_has_one_answer_of_a_peer_and_one_of_the_team() -> None:
    later = (
        said(BEA_REF, 0.01),
        said(CLEO_REF, 0.02),
        said(MIRA_REF, 0.03, team=True),
        said(MIRA_REF, 0.04, team=True),
        said(CLEO_REF, 0.05),
    )
    assert answers(ASKED, *later) == answers(*later, ASKED) == [("m-0", "bea"), ("m-0", "mira")]


@pytest.mark.parametrize(
    "asked",
    [
        said(ADA_REF, 0),
        said(ADA_REF, 0, asks=True, team=True),
        said(ADA_REF, 0, "cleo", asks=True, reply=True),
    ],
)
def test_only_questions_of_members_outside_of_threads_are_answered_so(asked: NoteRemark) -> None:
    assert answers(asked, said(BEA_REF, 0.01)) == []


def test_a_busy_channel_is_remembered_in_part() -> None:
    asked = [said(ADA_REF, number, asks=True) for number in range(QUESTIONS_KEPT + 3)]
    _, state = told(asked[0], said(BEA_REF, 0.01), *asked[1:])
    kept = [question.post.message for question in state.questions]
    assert kept == [f"m-{number}" for number in range(3, QUESTIONS_KEPT + 3)]
    assert len(state.remarks) == REMARKS_KEPT


def beside(member: Member, message: str, text: str, *mentions: str) -> Posted:
    return Posted(
        member=member, conversation=message, message=message, text=text, mentions=mentions, channel="help", place="7"
    )


def unanswered(partition: Partition) -> list[str]:
    return [need.member.id for need in partition.open if need.reason == "unanswered"]


@pytest.mark.parametrize(("answered_by", "asked_for"), [("anyone", []), ("team", ["ada"])])
def test_peers_and_team_stay_apart(answered_by: str, asked_for: list[str]) -> None:
    partition = Partition(care_policy(unanswered={"answered_by": answered_by}), stored=LONG_AGO)
    partition.tell(beside(ADA, "m-1", "How do I start?"), at(0))
    partition.tell(beside(BEA, "m-2", "Press start."), at(0.1))
    partition.pass_time(at(5))
    assert unanswered(partition) == asked_for


def test_a_late_answer_beside_ends_the_need_and_is_its_evidence() -> None:
    partition = Partition(care_policy(), stored=LONG_AGO)
    partition.tell(beside(ADA, "m-1", "How do I start?"), at(0))
    partition.pass_time(at(5))
    assert unanswered(partition) == ["ada"]
    partition.tell(beside(CLEO, "m-2", "Good morning"), at(6))
    assert unanswered(partition) == ["ada"]
    partition.tell(beside(BEA, "m-3", "@ada press start.", "ada"), at(7))
    assert unanswered(partition) == []
    gone = next(event for event in partition.gone if event.reason == "unanswered")
    assert (gone.cause, [evidence.time for evidence in gone.evidence]) == ("answered by a peer", [at(7)])


def test_whom_the_team_answers_beside_is_greeted() -> None:
    partition = Partition(care_policy(), stored=LONG_AGO)
    partition.tell(beside(ADA, "m-1", "How do I start?"), at(0))
    partition.tell(beside(HELPER, "m-2", "Press start."), at(0.1))
    assert partition.member("ada").greeted is not None


def test_another_channel_answers_nothing() -> None:
    partition = Partition(care_policy(), stored=LONG_AGO)
    partition.tell(beside(ADA, "m-1", "How do I start?"), at(0))
    elsewhere = Posted(member=BEA, conversation="m-2", message="m-2", text="Here.", mentions=("ada",), place="8")
    partition.tell(elsewhere, at(0.1))
    partition.pass_time(at(5))
    assert unanswered(partition) == ["ada"]
