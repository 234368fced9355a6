from __future__ import annotations

from typing import Any

import pytest

from services.triage.conversation import CONVERSATION, EARLY_KEPT
from services.triage.conversation_facts import (
    ConversationOpened,
    ConversationSolved,
    NoteDeletion,
    NoteEdit,
    NoteSolved,
    OpeningDeleted,
    OpeningEdited,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.needs import CloseNeed, NeedClosed, NeedMet, NeedRaised, NeedWithdrawn
from shared.contracts.names import touch_id
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchMet, NeedsTouchWithdrawn
from shared.decider import Deadline
from tests.triage.making import ADA, BEA, CLEO, MIRA, at, look_at_question, post, seen_at
from tests.triage.spec import Given, given

TOUCH = touch_id("acme", "unanswered", "stream", 1)
DUE = (Deadline(name="unanswered", due=at(4)),)
ENDED = {
    "touch": TOUCH,
    "revision": 2,
    "organisation": "harbour",
    "community": "acme",
    "segment": "everyone",
    "reason": "unanswered",
    "about": "stream",
}


def need(**changes: Any) -> NeedsTouch:
    basis: dict[str, Any] = {
        "touch": TOUCH,
        "revision": 1,
        "organisation": "harbour",
        "community": "acme",
        "segment": "everyone",
        "reason": "unanswered",
        "urgency": "soon",
        "care_load": 2,
        "member": ADA,
        "about": "stream",
        "conversation": "c-51",
        "since": at(0),
        "raised_at": at(4),
        "evidence": (seen_at(0),),
        "rule": "unanswered.v1",
        "policy_version": "v1",
        "values": {"hours_since": 4.0, "answers_by_team": 0, "answers_by_peers": 0},
        "thresholds": {"within_hours": 4.0, "answered_by": "anyone"},
    }
    return NeedsTouch(**{**basis, **changes})


def withdrawn(hours: float, cause: str, evidence: float | None = None) -> NeedWithdrawn:
    shown = seen_at(hours if evidence is None else evidence)
    return NeedWithdrawn(end=NeedsTouchWithdrawn(**ENDED, at=at(hours), cause=cause, evidence=(shown,)))


def asked(by: Any = "anyone") -> Given[Any]:
    return given(CONVERSATION).after(post(ADA, 0, asks=True, by=by))


def unanswered(by: Any = "anyone") -> Given[Any]:
    return asked(by).after(look_at_question(4, by=by))


class TestOpened:
    def test_a_question_waits_for_its_answer(self) -> None:
        command = post(ADA, 0, asks=True)
        opened = ConversationOpened(conversation="c-51", post=command.post, due=at(4), answered_by="anyone")
        assert given(CONVERSATION).when(command).then(opened).deadlines == DUE

    @pytest.mark.parametrize("command", [post(ADA, 0), post(MIRA, 0, asks=True, team=True)])
    def test_statements_and_the_team_s_own_questions_do_not(self, command: Any) -> None:
        assert given(CONVERSATION).after(command).deadlines == ()

    def test_a_question_further_down_is_no_opening(self) -> None:
        assert given(CONVERSATION).after(post(ADA, 0), post(BEA, 1, asks=True)).deadlines == ()

    def test_an_earlier_post_that_arrives_later_is_the_opening(self) -> None:
        known = given(CONVERSATION).after(post(BEA, 1), post(ADA, 0, asks=True))
        assert known.state.opening.member == ADA
        assert known.deadlines == ()
        assert given(CONVERSATION).after(post(BEA, 1, asks=True), post(ADA, 0)).deadlines == ()

    def test_the_opener_s_next_posts_are_no_answer_and_no_news(self) -> None:
        asked().when(post(ADA, 1)).then()
        assert asked().after(post(ADA, 1)).deadlines == DUE


class TestAnswered:
    def test_by_a_peer(self) -> None:
        command = post(BEA, 1)
        assert asked().when(command).then(VoiceHeard(post=command.post)).deadlines == ()

    def test_by_a_peer_where_only_the_team_counts(self) -> None:
        known = asked("team").after(post(BEA, 1))
        assert known.deadlines == DUE
        raised = known.after(look_at_question(4, by="team")).state.need
        assert raised is not None
        assert raised.values == {"hours_since": 4.0, "answers_by_team": 0, "answers_by_peers": 1}
        assert raised.thresholds["answered_by"] == "team"

    @pytest.mark.parametrize("by", ["anyone", "team"])
    def test_by_the_team(self, by: Any) -> None:
        command = post(MIRA, 1, team=True)
        answered = (
            asked(by)
            .when(command)
            .then(VoiceHeard(post=command.post), VoicesGreeted(members=(ADA,), by=MIRA, evidence=seen_at(1)))
        )
        assert answered.deadlines == ()

    def test_by_a_peer_who_became_one_of_the_team(self) -> None:
        known = asked("team").after(post(BEA, 1))
        assert known.after(post(BEA, 2, team=True)).deadlines == ()

    @pytest.mark.parametrize(
        "command", [NoteSolved(evidence=seen_at(1)), NoteDeletion(message="m-0", evidence=seen_at(1))]
    )
    def test_solved_or_deleted_it_needs_none(self, command: Any) -> None:
        over = asked().after(command)
        assert over.deadlines == ()
        over.when(command).then()

    def test_solved_or_deleted_before_the_post_arrived(self) -> None:
        early = NoteSolved(evidence=seen_at(1)), NoteDeletion(message="m-0", evidence=seen_at(1))
        for command in early:
            assert given(CONVERSATION).after(command, post(ADA, 0, asks=True)).deadlines == ()

    def test_another_post_deleted_is_no_matter(self) -> None:
        asked().when(NoteDeletion(message="m-7", evidence=seen_at(1))).then()

    def test_the_deletion_of_what_was_thought_to_be_the_opening_is_not_the_opening_s(self) -> None:
        known = given(CONVERSATION).after(post(ADA, 1, asks=True), NoteDeletion(message="m-1", evidence=seen_at(2)))
        assert known.after(post(ADA, 0, asks=True)).deadlines == DUE


class TestEdited:
    def edit(self, hours: float, *, asks: bool) -> NoteEdit:
        return NoteEdit(message="m-0", asks=asks, evidence=seen_at(hours))

    def test_into_a_question(self) -> None:
        edited = given(CONVERSATION).after(post(ADA, 0)).when(self.edit(1, asks=True))
        known = edited.then(OpeningEdited(message="m-0", asks=True, evidence=seen_at(1)))
        assert known.deadlines == DUE
        raised = known.after(look_at_question(4)).state.need
        assert raised is not None
        assert raised.evidence == (seen_at(0), seen_at(1))

    def test_into_none(self) -> None:
        assert asked().after(self.edit(1, asks=False)).deadlines == ()

    def test_the_latest_edit_counts_in_any_order(self) -> None:
        assert asked().after(self.edit(3, asks=True), self.edit(2, asks=False)).deadlines == DUE

    def test_before_the_post_arrived(self) -> None:
        assert given(CONVERSATION).after(self.edit(1, asks=False), post(ADA, 0, asks=True)).deadlines == ()

    def test_other_posts_are_no_matter(self) -> None:
        asked().when(NoteEdit(message="m-7", asks=False, evidence=seen_at(1))).then()

    def test_few_are_remembered_before_the_post_arrives(self) -> None:
        edits = [NoteEdit(message=f"m-{number}", asks=True, evidence=seen_at(number)) for number in range(9)]
        assert len(given(CONVERSATION).after(*edits).state.edits) == EARLY_KEPT


class TestRaised:
    def test_when_nobody_answered_in_time(self) -> None:
        assert asked().when(look_at_question(4)).then(NeedRaised(need=need())).deadlines == ()

    def test_not_twice(self) -> None:
        unanswered().when(look_at_question(5)).then()

    @pytest.mark.parametrize(
        ("why", "look"),
        [
            ("the rule is off", look_at_question(4, enabled=False)),
            ("one of the team", look_at_question(4, team=True)),
            ("the team has no hours", look_at_question(4, due=None)),
            ("long past", look_at_question(14 * 24 + 1)),
        ],
    )
    def test_passed(self, why: str, look: Any) -> None:
        assert asked().when(look).then(QuestionPassed(why=why, at=look.seen.at)).deadlines == ()

    def test_passed_when_the_policy_lets_peers_answer_now(self) -> None:
        known = asked("team").after(post(BEA, 1))
        known.when(look_at_question(4, by="anyone")).then(QuestionPassed(why="answered", at=at(4)))

    def test_postponed_by_a_policy_that_gives_more_time(self) -> None:
        later = asked().when(look_at_question(4, due=at(9))).then(QuestionPostponed(due=at(9)))
        assert later.deadlines == (Deadline(name="unanswered", due=at(9)),)
        assert later.after(look_at_question(9)).state.need is not None


class TestEnded:
    def test_met_by_the_team(self) -> None:
        command = post(MIRA, 6, team=True)
        met = NeedMet(
            end=NeedsTouchMet(**ENDED, at=at(6), cause="answered by the team", evidence=(seen_at(6),), by=MIRA)
        )
        greeted = VoicesGreeted(members=(ADA,), by=MIRA, evidence=seen_at(6))
        unanswered().when(command).then(VoiceHeard(post=command.post), greeted, met)

    def test_withdrawn_when_a_peer_answers(self) -> None:
        command = post(BEA, 6)
        over = unanswered().when(command).then(VoiceHeard(post=command.post), withdrawn(6, "answered by a peer"))
        assert over.deadlines == ()

    def test_a_peer_s_answer_withdraws_nothing_where_only_the_team_counts(self) -> None:
        command = post(BEA, 6)
        unanswered("team").when(command).then(VoiceHeard(post=command.post))

    def test_it_ends_by_the_rule_that_raised_it(self) -> None:
        # Asked when the team's answers counted only; raised when everybody's did.
        known = asked("team").after(look_at_question(4, by="anyone"))
        assert known.after(post(BEA, 6)).state.need is None

    def test_withdrawn_when_solved(self) -> None:
        command = NoteSolved(evidence=seen_at(6))
        unanswered().when(command).then(ConversationSolved(evidence=seen_at(6)), withdrawn(6, "solved"))

    def test_withdrawn_when_deleted(self) -> None:
        command = NoteDeletion(message="m-0", evidence=seen_at(6))
        deleted = OpeningDeleted(message="m-0", evidence=seen_at(6))
        unanswered().when(command).then(deleted, withdrawn(6, "deleted"))

    def test_withdrawn_when_edited_into_no_question_and_not_raised_again(self) -> None:
        command = NoteEdit(message="m-0", asks=False, evidence=seen_at(6))
        edited = OpeningEdited(message="m-0", asks=False, evidence=seen_at(6))
        over = unanswered().when(command).then(edited, withdrawn(6, "no question any more"))
        assert over.after(NoteEdit(message="m-0", asks=True, evidence=seen_at(7))).deadlines == ()

    def test_withdrawn_when_an_earlier_post_of_somebody_else_comes_to_light(self) -> None:
        command = post(CLEO, -1)
        over = (
            unanswered()
            .when(command)
            .then(
                ConversationOpened(conversation="c-51", post=command.post, due=at(3), answered_by="anyone"),
                withdrawn(-1, "an earlier post came to light"),
            )
        )
        assert over.deadlines == ()

    def test_what_is_raised_about_another_opener_is_another_touch(self) -> None:
        over = unanswered("team").after(post(CLEO, -1, asks=True, by="team"))
        assert over.deadlines == (Deadline(name="unanswered", due=at(3)),)
        raised = over.after(look_at_question(6, by="team")).state.need
        assert raised is not None
        assert (raised.member, raised.touch) == (CLEO, touch_id("acme", "unanswered", "stream", 2))

    def test_an_earlier_question_of_the_same_member_leaves_the_need(self) -> None:
        known = unanswered().after(post(ADA, -1, asks=True))
        assert known.state.need == need()
        assert known.deadlines == ()

    def test_closed_by_a_settled_touch_and_not_raised_again(self) -> None:
        closed = unanswered().when(CloseNeed(touch=TOUCH, outcome="reached"))
        over = closed.then(NeedClosed(touch=TOUCH, outcome="reached"))
        assert over.after(post(ADA, 9, asks=True), post(ADA, -1, asks=True)).deadlines == ()
        over.when(look_at_question(20)).then()
        over.when(CloseNeed(touch=TOUCH, outcome="reached")).then()

    def test_another_touch_closes_nothing(self) -> None:
        unanswered().when(CloseNeed(touch="t-other", outcome="reached")).then()


class TestGreeted:
    def test_those_who_spoke_before_the_team_did(self) -> None:
        known = given(CONVERSATION).after(post(ADA, 0), post(BEA, 1), post(CLEO, 3))
        command = post(MIRA, 2, team=True)
        known.when(command).then(
            VoiceHeard(post=command.post), VoicesGreeted(members=(ADA, BEA), by=MIRA, evidence=seen_at(2))
        )

    def test_whose_post_arrives_after_the_team_s_later_one(self) -> None:
        known = given(CONVERSATION).after(post(MIRA, 0, team=True), post(MIRA, 5, team=True))
        command = post(ADA, 3)
        known.when(command).then(
            VoiceHeard(post=command.post), VoicesGreeted(members=(ADA,), by=MIRA, evidence=seen_at(5))
        )

    def test_not_who_speaks_after_the_team(self) -> None:
        command = post(ADA, 1)
        given(CONVERSATION).after(post(MIRA, 0, team=True)).when(command).then(VoiceHeard(post=command.post))

    def test_once(self) -> None:
        command = post(MIRA, 4, team=True)
        asked().after(post(MIRA, 3, team=True)).when(command).then(VoiceHeard(post=command.post))

    def test_nobody_greets_themselves(self) -> None:
        command = post(ADA, 1, team=True)
        given(CONVERSATION).after(post(ADA, 0)).when(command).then(VoiceHeard(post=command.post))


def test_unknown_commands_and_events_change_nothing() -> None:
    asked().when(object()).then()
    assert CONVERSATION.evolve(asked().state, object()) == asked().state
