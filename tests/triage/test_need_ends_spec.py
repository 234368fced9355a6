from __future__ import annotations

from services.triage.conversation_facts import (
    ConversationOpened,
    ConversationSolved,
    NoteDeletion,
    NoteEdit,
    NoteSolved,
    OpeningDeleted,
    OpeningEdited,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.needs import CloseNeed, NeedClosed, NeedPassed, PassNeed
from shared.decider import Deadline
from tests.triage.making import ADA, BEA, CLEO, MIRA, at, look_at_question, post, seen_at
from tests.triage.questions import TOUCH, asked, gone, need, unanswered


class TestEnded:
    def test_met_by_the_team(self) -> None:
        command = post(MIRA, 6, team=True)
        met = gone(6, "answered by the team", by=MIRA)
        greeted = VoicesGreeted(members=(ADA,), by=MIRA, evidence=seen_at(6))
        unanswered().when(command).then(VoiceHeard(post=command.post), greeted, met)

    def test_withdrawn_when_a_peer_answers(self) -> None:
        command = post(BEA, 6)
        over = unanswered().when(command).then(VoiceHeard(post=command.post), gone(6, "answered by a peer"))
        assert over.deadlines == ()

    def test_a_peer_s_answer_withdraws_nothing_where_only_the_team_counts(self) -> None:
        command = post(BEA, 6)
        unanswered("team").when(command).then(VoiceHeard(post=command.post))

    def test_it_ends_by_the_rule_that_raised_it(self) -> None:
        # Asked when the team's answers counted only; raised when everybody's did.
        known = asked("team").after(look_at_question(4, by="anyone"))
        assert known.after(post(BEA, 6)).state.needs == ()

    def test_withdrawn_when_solved(self) -> None:
        command = NoteSolved(evidence=seen_at(6))
        unanswered().when(command).then(ConversationSolved(evidence=seen_at(6)), gone(6, "solved"))

    def test_withdrawn_when_deleted(self) -> None:
        command = NoteDeletion(message="m-0", evidence=seen_at(6))
        deleted = OpeningDeleted(message="m-0", evidence=seen_at(6))
        unanswered().when(command).then(deleted, gone(6, "deleted"))

    def test_withdrawn_when_edited_into_no_question_and_not_raised_again(self) -> None:
        command = NoteEdit(message="m-0", asks=False, evidence=seen_at(6))
        edited = OpeningEdited(message="m-0", asks=False, evidence=seen_at(6))
        over = unanswered().when(command).then(edited, gone(6, "no question any more"))
        assert over.after(NoteEdit(message="m-0", asks=True, evidence=seen_at(7))).deadlines == ()

    def test_withdrawn_when_an_earlier_post_of_somebody_else_comes_to_light(self) -> None:
        command = post(CLEO, -1)
        over = (
            unanswered()
            .when(command)
            .then(
                ConversationOpened(conversation="c-51", post=command.post, due=at(3), answered_by="anyone"),
                gone(-1, "an earlier post came to light"),
            )
        )
        assert over.deadlines == ()

    def test_what_is_raised_about_another_opener_is_another_need(self) -> None:
        over = unanswered("team").after(post(CLEO, -1, asks=True, by="team"))
        assert over.deadlines == (Deadline(name="unanswered", due=at(3)),)
        raised = over.after(look_at_question(6, by="team")).state.needs
        assert [need.member for need in raised] == [CLEO]

    def test_an_earlier_question_of_the_same_member_leaves_the_need(self) -> None:
        known = unanswered().after(post(ADA, -1, asks=True))
        assert known.state.needs == (need(),)
        assert known.deadlines == ()

    def test_closed_by_a_settled_touch_and_not_raised_again(self) -> None:
        closed = unanswered().when(CloseNeed(touch=TOUCH, outcome="reached", reason="unanswered"))
        over = closed.then(NeedClosed(touch=TOUCH, outcome="reached", reason="unanswered"))
        assert over.after(post(ADA, 9, asks=True), post(ADA, -1, asks=True)).deadlines == ()
        over.when(look_at_question(20)).then()
        over.when(CloseNeed(touch=TOUCH, outcome="reached", reason="unanswered")).then()

    def test_another_reason_closes_nothing(self) -> None:
        unanswered().when(CloseNeed(touch=TOUCH, outcome="reached", reason="heated")).then()

    def test_told_to_nobody(self) -> None:
        passed = PassNeed(reason="unanswered", why="it rests", at=at(4))
        over = unanswered().when(passed).then(NeedPassed(reason="unanswered", why="it rests", at=at(4)))
        assert over.after(post(BEA, 6)).state.needs == ()
