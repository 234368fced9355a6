from __future__ import annotations

from datetime import timedelta

import pytest

from services.triage.member import DESCRIBED_AGAIN_AFTER, MEMBER
from services.triage.member_facts import (
    GreetMember,
    MemberDescribed,
    MemberGreeted,
    MemberLeft,
    MemberReturned,
    MemberSeen,
    MemberTagged,
    MemberTurnedTo,
    NoteLeft,
    NoteReturn,
    WelcomePassed,
    WelcomePostponed,
)
from services.triage.needs import CloseNeed, NeedClosed, NeedFound, NeedGone
from shared.contracts.needs_touch import MemberRef, TouchReason
from shared.decider import Deadline
from tests.triage.making import ADA, LONG_AGO, MIRA, at, circumstances, look_at_welcome, note, seen_at
from tests.triage.spec import Given, given

DUE = at(8)
TOUCH = "t-1"
NEED = TouchReason(
    reason="welcome",
    about="stream",
    member=ADA,
    segment="everyone",
    since=at(0),
    at=DUE,
    urgency="routine",
    care_load=2,
    evidence=(seen_at(0),),
    rule="welcome.v1",
    policy_version="v1",
    values={"joined": True, "hours_since": 8.0, "greetings": 0},
    thresholds={"within_hours": 8.0},
    difference="a greeting by the team within 8 h",
)


def newcomer(**changes: object) -> Given:
    return given(MEMBER).after(note(ADA, 0, **{"joined": True, **changes}))


def waiting() -> Given:
    """Ada joined and nobody greeted her in time."""
    return newcomer().after(look_at_welcome(8))


def gone(hours: float, cause: str, by: MemberRef | None = None) -> NeedGone:
    return NeedGone(
        reason="welcome", about="stream", member=ADA, at=at(hours), cause=cause, evidence=(seen_at(hours),), by=by
    )


class TestSeen:
    def test_the_first_sign_of_life_sets_the_deadline(self) -> None:
        seen = MemberSeen(member=ADA, evidence=seen_at(0), joined=False, welcome_due=DUE)
        assert given(MEMBER).when(note(ADA, 0)).then(seen).deadlines == (Deadline(name="welcome", due=DUE),)

    def test_later_signs_change_nothing(self) -> None:
        newcomer().when(note(ADA, 1)).then()
        newcomer().when(note(ADA, 1, joined=True)).then()

    def test_an_earlier_sign_that_arrives_later_moves_the_beginning(self) -> None:
        earlier = MemberSeen(member=ADA, evidence=seen_at(-2), joined=True, welcome_due=at(6))
        assert newcomer().when(note(ADA, -2)).then(earlier).deadlines == (Deadline(name="welcome", due=at(6)),)

    def test_a_late_report_of_the_joining_does_not_move_the_beginning(self) -> None:
        joined = MemberSeen(member=ADA, evidence=seen_at(0), joined=True, welcome_due=DUE)
        given(MEMBER).after(note(ADA, 0)).when(note(ADA, 5, joined=True)).then(joined)


class TestDescribed:
    def test_roles_that_are_stated(self) -> None:
        described = MemberDescribed(roles=("helper",), bot=False, team=True, at=at(1))
        newcomer().when(note(ADA, 1, roles=("helper",), team=True)).then(described)

    def test_an_event_without_roles_takes_none_away(self) -> None:
        newcomer(roles=("helper",), team=True).when(note(ADA, 1, team=True)).then()

    def test_an_older_statement_that_arrives_late_does_not_count(self) -> None:
        newcomer(roles=("helper",)).when(note(ADA, -1, roles=("guest",))).happens()
        state = newcomer(roles=("helper",)).after(note(ADA, -1, roles=("guest",))).state
        assert state.roles == ("helper",)

    def test_the_same_is_recorded_again_after_a_while(self) -> None:
        known, later = newcomer(roles=("helper",)), DESCRIBED_AGAIN_AFTER / timedelta(hours=1)
        known.when(note(ADA, 1, roles=("helper",))).then()
        again = MemberDescribed(roles=("helper",), bot=False, team=False, at=at(later))
        assert known.when(note(ADA, later, roles=("helper",))).then(again).after(
            note(ADA, later - 1, roles=("guest",))
        ).state.roles == ("helper",)

    def test_who_was_a_bot_once_stays_one(self) -> None:
        assert newcomer(bot=True).after(note(ADA, 1)).state.bot

    def test_tags_by_their_time(self) -> None:
        tagged = MemberTagged(tags=("vip",), at=at(2))
        newcomer().when(note(ADA, 2, tags=("vip",))).then(tagged).when(note(ADA, 1, tags=("old",))).then()

    @pytest.mark.parametrize("changes", [{"team": True, "roles": ("helper",)}, {"bot": True}])
    def test_team_and_bots_are_not_welcomed(self, changes: dict[str, object]) -> None:
        assert newcomer(**changes).deadlines == ()


class TestRaised:
    def test_nobody_greeted_in_time(self) -> None:
        assert newcomer().when(look_at_welcome(8)).then(NeedFound(need=NEED)).deadlines == ()

    def test_not_twice(self) -> None:
        waiting().when(look_at_welcome(9)).then()

    def test_greeted_in_time(self) -> None:
        greeted = newcomer().when(GreetMember(by=MIRA, evidence=seen_at(3)))
        assert greeted.then(MemberGreeted(by=MIRA, evidence=seen_at(3))).deadlines == ()

    def test_greeted_before_the_joining_was_reported(self) -> None:
        assert given(MEMBER).after(GreetMember(by=MIRA, evidence=seen_at(3)), note(ADA, 0)).deadlines == ()

    def test_only_the_first_greeting_counts_and_the_last_is_when_somebody_turned_to_them(self) -> None:
        greeted = newcomer().after(GreetMember(by=MIRA, evidence=seen_at(3)))
        later = greeted.when(GreetMember(by=MIRA, evidence=seen_at(4)))
        over = later.then(MemberTurnedTo(by=MIRA, evidence=seen_at(4)))
        over.when(GreetMember(by=MIRA, evidence=seen_at(3.5))).then()

    def test_left_in_time(self) -> None:
        assert newcomer().when(NoteLeft(evidence=seen_at(3))).then(MemberLeft(evidence=seen_at(3))).deadlines == ()

    def test_who_left_is_not_looked_at(self) -> None:
        newcomer().after(NoteLeft(evidence=seen_at(3))).when(look_at_welcome(8)).then()

    def test_who_left_and_joined_again_is_awaited_as_before(self) -> None:
        back = newcomer().after(NoteLeft(evidence=seen_at(3))).when(NoteReturn(evidence=seen_at(4)))
        awaited = back.then(MemberReturned(evidence=seen_at(4)))
        assert awaited.deadlines == (Deadline(name="welcome", due=DUE),)
        assert awaited.after(look_at_welcome(8)).state.needs == (NEED,)

    @pytest.mark.parametrize(("left", "there"), [(-1, True), (0, False), (1, False)])
    def test_when_they_left_counts_not_when_it_is_heard(self, left: int, there: bool) -> None:
        joined = newcomer().after(NoteReturn(evidence=seen_at(0)), NoteLeft(evidence=seen_at(left)))
        assert joined.deadlines == ((Deadline(name="welcome", due=DUE),) if there else ())

    @pytest.mark.parametrize(
        ("why", "look"),
        [
            ("the rule is off", look_at_welcome(8, enabled=False)),
            ("one of the team", look_at_welcome(8, team=True)),
            ("the team has no hours", look_at_welcome(8, due=None)),
            ("long past", look_at_welcome(14 * 24 + 1)),
        ],
    )
    def test_passed(self, why: str, look: object) -> None:
        at_ = look.seen.at  # type: ignore[attr-defined]
        assert newcomer().when(look).then(WelcomePassed(why=why, at=at_)).deadlines == ()

    def test_postponed_by_a_policy_that_gives_more_time(self) -> None:
        later = newcomer().when(look_at_welcome(8, due=at(20))).then(WelcomePostponed(due=at(20)))
        assert later.deadlines == (Deadline(name="welcome", due=at(20)),)
        assert later.after(look_at_welcome(20)).state.needs

    def test_a_policy_that_gives_more_time_than_has_passed_already_changes_nothing(self) -> None:
        assert newcomer().after(look_at_welcome(30, due=at(20))).state.needs


class TestUnsettledCommunity:
    """Before a community is known for a while, a first post is no sign of a newcomer."""

    def first_post(self) -> Given:
        passed = WelcomePassed(why="the community is not known for long", at=DUE)
        return given(MEMBER).after(note(ADA, 0)).when(look_at_welcome(8, known_since=at(-48))).then(passed)

    def test_a_first_post_is_passed(self) -> None:
        assert self.first_post().deadlines == ()

    def test_a_joining_counts_always(self) -> None:
        assert newcomer().after(look_at_welcome(8, known_since=at(-48))).state.needs == (NEED,)

    def test_a_joining_that_is_reported_later_is_looked_at(self) -> None:
        known = self.first_post().after(note(ADA, 9, joined=True))
        assert known.deadlines == (Deadline(name="welcome", due=DUE),)
        assert known.after(look_at_welcome(9, known_since=at(-48))).state.needs

    def test_a_joining_that_is_reported_later_does_not_undo_a_greeting(self) -> None:
        known = self.first_post().after(GreetMember(by=MIRA, evidence=seen_at(9)), note(ADA, 10, joined=True))
        assert known.deadlines == ()

    def test_settled_after_a_while(self) -> None:
        assert given(MEMBER).after(note(ADA, 0), look_at_welcome(8, known_since=LONG_AGO)).state.needs


class TestEnded:
    def test_met_by_the_team(self) -> None:
        greeting = GreetMember(by=MIRA, evidence=seen_at(9))
        over = waiting().when(greeting).then(MemberGreeted(by=MIRA, evidence=seen_at(9)), gone(9, "greeted", by=MIRA))
        over.when(greeting).then()

    def test_withdrawn_when_the_member_leaves(self) -> None:
        over = (
            waiting()
            .when(NoteLeft(evidence=seen_at(9)))
            .then(MemberLeft(evidence=seen_at(9)), gone(9, "the member left"))
        )
        over.when(NoteLeft(evidence=seen_at(9))).then()

    def test_not_by_a_departure_before_they_joined(self) -> None:
        joined = waiting().after(NoteReturn(evidence=seen_at(0)))
        joined.when(NoteLeft(evidence=seen_at(-1))).then(MemberLeft(evidence=seen_at(-1)))

    def test_withdrawn_when_the_member_becomes_one_of_the_team(self) -> None:
        waiting().when(note(ADA, 9, roles=("helper",), team=True)).then(
            MemberDescribed(roles=("helper",), bot=False, team=True, at=at(9)), gone(9, "one of the team")
        )

    def test_withdrawn_when_the_member_turns_out_to_be_a_bot(self) -> None:
        waiting().when(note(ADA, 9, bot=True)).then(
            MemberDescribed(roles=(), bot=True, team=False, at=None), gone(9, "a bot")
        )

    def test_closed_by_a_settled_touch_and_not_raised_again(self) -> None:
        closed = waiting().when(CloseNeed(touch=TOUCH, outcome="reached", reason="welcome"))
        over = closed.then(NeedClosed(touch=TOUCH, outcome="reached", reason="welcome"))
        later = over.after(note(ADA, -1), note(ADA, 30, joined=True))
        assert later.deadlines == ()
        later.when(look_at_welcome(40)).then()

    def test_a_settled_first_post_is_not_raised_again_by_a_late_joining(self) -> None:
        raised = given(MEMBER).after(note(ADA, 0), look_at_welcome(8))
        closed = raised.after(CloseNeed(touch=TOUCH, outcome="reached", reason="welcome"))
        assert closed.after(note(ADA, 10, joined=True)).deadlines == ()

    def test_another_reason_closes_nothing(self) -> None:
        waiting().when(CloseNeed(touch=TOUCH, outcome="reached", reason="fading")).then()

    def test_a_greeting_after_the_touch_was_settled_ends_nothing_again(self) -> None:
        over = waiting().after(CloseNeed(touch=TOUCH, outcome="reached", reason="welcome"))
        over.when(GreetMember(by=MIRA, evidence=seen_at(10))).then(MemberGreeted(by=MIRA, evidence=seen_at(10)))


def test_the_values_and_thresholds_are_those_of_the_look() -> None:
    (need,) = newcomer().after(look_at_welcome(30.5, segment="newcomers", care_load=5)).state.needs
    assert (need.segment, need.care_load, need.at) == ("newcomers", 5, at(30.5))
    assert need.values["hours_since"] == 30.5
    assert circumstances(8).thresholds == {"within_hours": 8.0}


def test_unknown_commands_and_events_change_nothing() -> None:
    newcomer().when(object()).then()
    state = newcomer().state
    assert MEMBER.evolve(state, object()) == state
