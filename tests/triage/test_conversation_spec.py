from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from services.triage.conversation import CONVERSATION
from services.triage.conversation_facts import (
    ConversationOpened,
    NoteDeletion,
    NoteEdit,
    NoteRecovery,
    NoteSolved,
    OpeningEdited,
    QuestionAsked,
    QuestionPassed,
    QuestionPostponed,
    VoiceHeard,
    VoicesGreeted,
)
from services.triage.conversation_state import EARLY_KEPT
from services.triage.needs import NeedFound
from shared.decider import Deadline
from tests.triage.making import ADA, BEA, CLEO, MIRA, at, look_at_question, post, seen_at
from tests.triage.questions import DUE, asked, need, unanswered
from tests.triage.spec import Given, given


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
        (raised,) = known.after(look_at_question(4, by="team")).state.needs
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

    def test_recovered_it_is_asked_again(self) -> None:
        gone = unanswered().after(NoteDeletion(message="m-0", evidence=seen_at(5)))
        assert gone.deadlines == ()
        assert gone.after(NoteRecovery(message="m-0", evidence=seen_at(6))).deadlines == DUE

    def test_recovered_before_it_was_deleted_last_it_stays_deleted(self) -> None:
        gone = asked().after(NoteDeletion(message="m-0", evidence=seen_at(2)))
        gone.when(NoteRecovery(message="m-0", evidence=seen_at(2))).then()
        gone.when(NoteRecovery(message="m-0", evidence=seen_at(1))).then()

    def test_another_post_deleted_is_no_matter(self) -> None:
        assert asked().after(NoteDeletion(message="m-7", evidence=seen_at(1))).deadlines == DUE
        assert unanswered().after(NoteDeletion(message="m-7", evidence=seen_at(5))).state.needs == (need(),)

    def test_deleted_before_the_post_arrived_but_after_an_answer_did(self) -> None:
        late = post(ADA, 0, asks=True, by="team")
        known = given(CONVERSATION).after(post(BEA, 1, by="team"))
        assert known.after(late).deadlines == DUE
        assert known.after(NoteDeletion(message="m-0", evidence=seen_at(2)), late).deadlines == ()

    def test_other_posts_deleted_do_not_bring_the_opening_back(self) -> None:
        gone = asked().after(NoteDeletion(message="m-0", evidence=seen_at(1)))
        others = [NoteDeletion(message=f"m-{number}", evidence=seen_at(number)) for number in range(2, 20)]
        assert gone.after(*others).deadlines == ()
        assert len(gone.after(*others).state.deleted) == EARLY_KEPT + 1

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
        (raised,) = known.after(look_at_question(4)).state.needs
        assert raised.evidence == (seen_at(0), seen_at(1))

    def test_into_none(self) -> None:
        assert asked().after(self.edit(1, asks=False)).deadlines == ()

    def test_the_latest_edit_counts_in_any_order(self) -> None:
        assert asked().after(self.edit(3, asks=True), self.edit(2, asks=False)).deadlines == DUE

    def test_before_the_post_arrived(self) -> None:
        assert given(CONVERSATION).after(self.edit(1, asks=False), post(ADA, 0, asks=True)).deadlines == ()

    def test_before_the_post_arrived_but_after_an_answer_did(self) -> None:
        known = given(CONVERSATION).after(post(BEA, 1, by="team"))
        assert known.after(self.edit(2, asks=True), post(ADA, 0, by="team")).deadlines == DUE
        assert known.after(self.edit(2, asks=False), post(ADA, 0, asks=True, by="team")).deadlines == ()

    def test_other_posts_are_no_matter(self) -> None:
        others = [NoteEdit(message=f"m-{number}", asks=False, evidence=seen_at(number)) for number in range(2, 20)]
        assert asked().after(*others).deadlines == DUE
        edited = asked().after(self.edit(1, asks=False), *others)
        assert edited.deadlines == ()
        assert len(edited.state.edits) == EARLY_KEPT + 1

    def test_few_are_remembered_before_the_post_arrives(self) -> None:
        edits = [NoteEdit(message=f"m-{number}", asks=True, evidence=seen_at(number)) for number in range(9)]
        assert len(given(CONVERSATION).after(*edits).state.edits) == EARLY_KEPT


class TestAskedFurtherDown:
    """Who opens with a greeting and asks in their next post."""

    def known(self, by: Any = "anyone") -> Given[Any]:
        return given(CONVERSATION).after(post(ADA, 0, by=by), post(ADA, 1, asks=True, by=by))

    def test_waits_for_its_answer_from_then_on(self) -> None:
        command = post(ADA, 1, asks=True)
        asked_now = given(CONVERSATION).after(post(ADA, 0)).when(command)
        waiting = asked_now.then(QuestionAsked(post=command.post, due=at(5)))
        assert waiting.deadlines == (Deadline(name="unanswered", due=at(5)),)
        (raised,) = waiting.after(look_at_question(5)).state.needs
        assert (raised.evidence, raised.values["hours_since"]) == ((seen_at(1),), 4.0)

    def test_the_first_counts_in_any_order(self) -> None:
        self.known().when(post(ADA, 2, asks=True)).then()
        for order in permutations([post(ADA, 0), post(ADA, 1, asks=True), post(ADA, 2, asks=True)]):
            known = given(CONVERSATION).after(*order)
            assert known.deadlines == (Deadline(name="unanswered", due=at(5)),)

    def test_not_after_somebody_else_spoke_in_any_order(self) -> None:
        said = [post(ADA, 0, by="team"), post(BEA, 1, by="team"), post(ADA, 2, asks=True, by="team")]
        for order in permutations(said):
            assert given(CONVERSATION).after(*order).deadlines == ()

    def test_nor_is_it_s_need_left_when_who_spoke_before_is_heard_late(self) -> None:
        found = self.known("team").after(look_at_question(5, by="team"))
        assert found.state.needs
        late = found.after(post(BEA, 0.5, by="team"))
        assert not late.state.needs

    def test_answered_edited_or_deleted_it_needs_nobody(self) -> None:
        for command in (
            post(BEA, 2),
            NoteEdit(message="m-1", asks=False, evidence=seen_at(2)),
            NoteDeletion(message="m-1", evidence=seen_at(2)),
            NoteDeletion(message="m-0", evidence=seen_at(2)),
            NoteSolved(evidence=seen_at(2)),
        ):
            assert self.known().after(command).deadlines == ()

    def test_an_opening_that_asks_after_all_is_the_question(self) -> None:
        edited = self.known().after(NoteEdit(message="m-0", asks=True, evidence=seen_at(2)))
        assert edited.deadlines == DUE

    def test_an_opening_that_asked_once_is_the_question_still(self) -> None:
        asked().when(post(ADA, 1, asks=True)).then()
        assert asked().after(NoteEdit(message="m-0", asks=False, evidence=seen_at(2))).deadlines == ()

    def test_the_team_s_own_is_none(self) -> None:
        assert given(CONVERSATION).after(post(ADA, 0), post(ADA, 1, asks=True, team=True)).deadlines == ()

    def test_postponed_by_a_policy_that_gives_more_time(self) -> None:
        later = self.known().after(look_at_question(5, due=at(9)))
        assert later.deadlines == (Deadline(name="unanswered", due=at(9)),)

    def test_what_became_of_it_is_remembered_among_many(self) -> None:
        others = [NoteEdit(message=f"m-{number}", asks=True, evidence=seen_at(number)) for number in range(2, 20)]
        gone = self.known().after(NoteEdit(message="m-1", asks=False, evidence=seen_at(2)), *others)
        assert gone.deadlines == ()
        assert len(gone.state.edits) == EARLY_KEPT + 1


class TestRaised:
    def test_when_nobody_answered_in_time(self) -> None:
        assert asked().when(look_at_question(4)).then(NeedFound(need=need())).deadlines == ()

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
        assert later.after(look_at_question(9)).state.needs


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
