"""The rules of one touch while nobody claims it."""

from __future__ import annotations

from typing import Any

import pytest

from services.notifier.touch import TOUCH
from services.notifier.touch_commands import (
    ArrangeLooks,
    AssignTouch,
    Claim,
    Escalate,
    HoldTouch,
    NoteOverdue,
    PassOn,
    RaiseTouch,
    Release,
    Remind,
    RemindAgain,
    Settle,
)
from services.notifier.touch_state import LooksArranged, NotTaken, TouchOverdue, TouchRaised, Watch
from shared.contracts.touch_facts import (
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchHeld,
    TouchPassedOn,
    TouchReleased,
    TouchReminded,
)
from tests.notifier.people import at, need
from tests.notifier.test_touch_spec import ASSIGNED, CLAIMED, HELD, RAISED, SETTLED, fact
from tests.triage.spec import given

LOOKS = LooksArranged(look_due=at(4), alarm_due=None)
REMINDED = fact(TouchReminded, 2, 4, responder="mira", to="responder")
OVERDUE = TouchOverdue(at=at(8))
ESCALATED = fact(TouchEscalated, 3, 8, cause="nobody-claimed", responder="vera")

assigned = given(TOUCH, RAISED, ASSIGNED, LOOKS)
escalated = given(TOUCH, RAISED, ASSIGNED, REMINDED, OVERDUE, ESCALATED)
claimed = given(TOUCH, RAISED, ASSIGNED, CLAIMED)

ALL: tuple[Any, ...] = (
    PassOn(at=at(9)),
    NoteOverdue(at=at(9)),
    Escalate(cause="held-too-long", responder=None, at=at(9)),
    RemindAgain(to="emergency-contact", responder="vera", at=at(9)),
    ArrangeLooks(look_due=at(10), alarm_due=at(11)),
)


def deadlines(on: Any) -> list[tuple[str, Any]]:
    return [(one.name, one.due) for one in on.deadlines]


def test_its_looks_are_its_deadlines() -> None:
    on = given(TOUCH, RAISED, ASSIGNED)
    assert deadlines(on) == []
    on = on.when(ArrangeLooks(look_due=at(4), alarm_due=None)).then(LOOKS)
    assert deadlines(on) == [("look", at(4))]
    on.when(ArrangeLooks(look_due=at(4), alarm_due=None)).then()
    on = on.when(ArrangeLooks(look_due=None, alarm_due=at(9))).happens()
    assert deadlines(on) == [("alarm", at(9))]


@pytest.mark.parametrize(
    "end",
    [
        Claim(responder="mira", revision=1, at=at(5)),
        Settle(responder="mira", revision=1, outcome="reached", at=at(5)),
        Release(responder="mira", revision=1, at=at(5)),
    ],
)
def test_what_somebody_has_acknowledged_is_looked_at_no_more(end: Any) -> None:
    assert deadlines(assigned.when(end).happens()) == []


def test_a_reminder_moves_nothing() -> None:
    on = assigned.when(Remind(at=at(4))).then(REMINDED)
    assert (on.state.status, on.state.responder, on.state.revision) == ("assigned", "mira", 2)


def test_it_is_passed_on() -> None:
    on = assigned.when(PassOn(at=at(8))).then(fact(TouchPassedOn, 2, 8, responder="mira"))
    assert (on.state.status, on.state.responder, on.state.care_load) == ("raised", None, 0)
    assert on.state.not_taken == (NotTaken(responder="mira", at=at(8)),)
    on = on.when(AssignTouch(responder="jonas", why=(), at=at(8))).then(
        fact(TouchAssigned, 3, 8, responder="jonas", care_load=2, why=())
    )
    assert on.state.watch == Watch(asked_at=at(8)), "its time begins anew"


def test_it_is_overdue_once() -> None:
    on = assigned.when(NoteOverdue(at=at(8))).then(OVERDUE)
    on.when(NoteOverdue(at=at(9))).then()


def test_it_escalates_once_and_is_told_of_again() -> None:
    on = given(TOUCH, RAISED, ASSIGNED, REMINDED, OVERDUE)
    on.when(RemindAgain(to="emergency-contact", responder="vera", at=at(9))).then()
    on = on.when(Escalate(cause="nobody-claimed", responder="vera", at=at(8))).then(ESCALATED)
    assert (on.state.status, on.state.responder) == ("assigned", "mira"), "a mark, and no state"
    on.when(Escalate(cause="held-too-long", responder=None, at=at(9))).then()
    again = fact(TouchReminded, 4, 9, responder="vera", to="emergency-contact")
    on = on.when(RemindAgain(to="emergency-contact", responder="vera", at=at(9))).then(again)
    assert (on.state.watch.told_at, on.state.watch.told_revision) == (at(9), 4)


def test_escalated_it_is_still_given_to_whoever_can_take_it_and_stays_marked() -> None:
    on = given(TOUCH, RAISED, HELD, fact(TouchEscalated, 2, 4, cause="held-too-long", responder=None))
    on = on.when(AssignTouch(responder="jonas", why=(), at=at(5))).happens()
    assert on.state.watch.escalated_at == at(4)
    on = on.when(PassOn(at=at(8))).happens()
    assert on.state.watch.escalated_at == at(4)
    on = on.when(HoldTouch(hold="not-taken", why=(), at=at(8))).then(fact(TouchHeld, 5, 8, hold="not-taken", why=()))
    assert (on.state.watch.escalated_at, on.state.watch.held_since) == (at(4), at(8))


def test_a_claim_ends_the_escalation_and_begins_anew() -> None:
    on = escalated.when(Claim(responder="jonas", revision=3, at=at(9))).then(
        fact(TouchClaimed, 4, 9, responder="jonas")
    )
    assert (on.state.watch, on.state.not_taken) == (Watch(), ())
    on = on.when(Release(responder="jonas", revision=4, at=at(10))).then(fact(TouchReleased, 5, 10, responder="jonas"))
    assert on.state.watch.escalated_at is None


@pytest.mark.parametrize("revision", [1, 2, 3])
def test_who_saw_it_before_it_escalated_may_act_on_it_all_the_same(revision: int) -> None:
    escalated.when(Claim(responder="mira", revision=revision, at=at(9))).then(
        fact(TouchClaimed, 4, 9, responder="mira")
    )


@pytest.mark.parametrize("revision", [0, 4])
def test_who_saw_it_elsewhere_may_not(revision: int) -> None:
    escalated.when(Claim(responder="mira", revision=revision, at=at(9))).then_refused("stale-revision")


def test_that_it_was_passed_on_must_have_been_seen() -> None:
    on = escalated.when(PassOn(at=at(9))).happens()
    on.when(Claim(responder="mira", revision=3, at=at(9))).then_refused("stale-revision")


def test_a_hold_that_changes_its_reason_has_lasted_all_the_while() -> None:
    on = given(TOUCH, RAISED, HELD, LooksArranged(look_due=None, alarm_due=at(16)))
    on = on.when(HoldTouch(hold="outside-hours", why=(), at=at(8))).happens()
    assert (on.state.watch.held_since, on.state.watch.alarm_due) == (at(0), at(16))


@pytest.mark.parametrize("command", ALL)
@pytest.mark.parametrize("stage", [claimed, given(TOUCH), given(TOUCH, RAISED, ASSIGNED, CLAIMED, SETTLED)])
def test_nothing_of_it_reaches_what_is_in_somebodys_hands_or_over(stage: Any, command: Any) -> None:
    stage.when(command).then()


def test_a_touch_that_is_held_is_not_passed_on_or_overdue() -> None:
    held = given(TOUCH, RAISED, HELD)
    for command in (Remind(at=at(9)), PassOn(at=at(9)), NoteOverdue(at=at(9))):
        held.when(command).then()
    more = need(revision=2, urgency="urgent")
    held.when(RaiseTouch(need=more)).then(TouchRaised(need=more))
