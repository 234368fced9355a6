"""The rules of one touch."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from services.notifier import touch
from services.notifier.touch import TOUCH
from services.notifier.touch_commands import (
    AssignTouch,
    Claim,
    HoldTouch,
    Meet,
    NoteHolderLeft,
    RaiseTouch,
    Release,
    Settle,
    Withdraw,
)
from services.notifier.touch_state import GivenBack, NeedEnded, TouchRaised
from shared.contracts.touch_facts import (
    TouchAnnotated,
    TouchAssigned,
    TouchClaimed,
    TouchHeld,
    TouchReleased,
    TouchSettled,
    TouchWithdrawn,
)
from tests.notifier.people import MONDAY, at, met, need, withdrawn
from tests.triage.spec import Given, given

RAISED = TouchRaised(need=need())


def fact(kind: type[Any], revision: int, hours: float = 0, **data: Any) -> Any:
    given = {"touch": "t-1", "organisation": "harbour", "community": "acme"}
    return kind(**given, revision=revision, at=at(hours), **data)


ASSIGNED = fact(TouchAssigned, 1, responder="mira", care_load=2, why=())
CLAIMED = fact(TouchClaimed, 2, 1, responder="mira")
HELD = fact(TouchHeld, 1, hold="over-limit", why=())
SETTLED = fact(TouchSettled, 3, 2, responder="mira", outcome="reached", about="member:t-1", need_revision=1)

assigned = given(TOUCH, RAISED, ASSIGNED)
claimed = given(TOUCH, RAISED, ASSIGNED, CLAIMED)
held = given(TOUCH, RAISED, HELD)
settled = given(TOUCH, RAISED, ASSIGNED, CLAIMED, SETTLED)


def test_a_need_is_raised_once_and_again_only_with_more_reasons() -> None:
    raised = given(TOUCH).when(RaiseTouch(need=need())).then(RAISED)
    raised.when(RaiseTouch(need=need())).then()
    more = need(revision=2, care_load=5)
    assert raised.when(RaiseTouch(need=more)).then(TouchRaised(need=more)).state.status == "raised"
    assigned.when(RaiseTouch(need=more)).then(TouchRaised(need=more))
    settled.when(RaiseTouch(need=more)).then()


def test_the_way_of_a_touch() -> None:
    raised = given(TOUCH, RAISED)
    on = raised.when(AssignTouch(responder="mira", why=(), at=MONDAY)).then(ASSIGNED)
    on = on.when(Claim(responder="mira", revision=1, at=at(1))).then(CLAIMED)
    on = on.when(Settle(responder="mira", revision=2, outcome="reached", at=at(2))).then(SETTLED)
    assert (on.state.status, on.state.revision, on.state.responder) == ("settled", 3, "mira")


def test_it_is_held_with_the_reason_and_says_so_once() -> None:
    raised = given(TOUCH, RAISED)
    on = raised.when(HoldTouch(hold="over-limit", why=(), at=MONDAY)).then(HELD)
    on = on.when(HoldTouch(hold="over-limit", why=(), at=at(1))).then()
    on.when(HoldTouch(hold="outside-hours", why=(), at=at(1))).then(fact(TouchHeld, 2, 1, hold="outside-hours", why=()))


@pytest.mark.parametrize(
    "command", [AssignTouch(responder="jonas", why=(), at=MONDAY), HoldTouch(hold="on-leave", why=(), at=MONDAY)]
)
def test_what_is_in_somebodys_hands_is_not_taken_from_them(command: Any) -> None:
    claimed.when(command).then()


def test_who_releases_is_remembered() -> None:
    on = claimed.when(Release(responder="mira", revision=2, at=at(3))).then(fact(TouchReleased, 3, 3, responder="mira"))
    assert (on.state.status, on.state.responder, on.state.given_back) == (
        "raised",
        None,
        (GivenBack(responder="mira", at=at(3)),),
    )
    on = given(
        TOUCH, RAISED, ASSIGNED, fact(TouchReleased, 2, responder="mira"), fact(TouchReleased, 3, 9, responder="mira")
    )
    assert on.state.given_back == (GivenBack(responder="mira", at=at(9)),)


def test_the_cause_is_gone() -> None:
    withdraw = Withdraw(end=withdrawn(need()), at=at(1))
    assigned.when(withdraw).then(fact(TouchWithdrawn, 2, 1, cause="a peer answered")).when(withdraw).then()
    held.when(withdraw).then(fact(TouchWithdrawn, 2, 1, cause="a peer answered"))
    gone = NeedEnded(cause="a peer answered", met=False, responder=None)
    on = claimed.when(withdraw).then(fact(TouchAnnotated, 3, 1, note="the cause is gone: a peer answered"), gone)
    on.when(Release(responder="mira", revision=3, at=at(2))).then(
        fact(TouchReleased, 4, 2, responder="mira"), fact(TouchWithdrawn, 5, 2, cause="a peer answered")
    )
    settled.when(withdraw).then()
    given(TOUCH).when(withdraw).then()


@pytest.mark.parametrize("stage", [assigned, held, claimed])
def test_ones_own_reply_settles(stage: Given[Any]) -> None:
    (event,) = touch.decide(Meet(end=met(need(), "mira"), responder="mira", at=at(1)), stage.state)
    assert isinstance(event, TouchSettled)
    assert (event.responder, event.outcome) == ("mira", "replied-on-platform")


def test_somebody_elses_reply_settles_unless_it_is_in_somebodys_hands() -> None:
    by_jonas = Meet(end=met(need(), "jonas"), responder="jonas", at=at(1))
    outcome = {"outcome": "replied-on-platform", "about": "member:t-1", "need_revision": 1}
    assigned.when(by_jonas).then(fact(TouchSettled, 2, 1, responder="jonas", **outcome))
    ended = NeedEnded(cause="the team answered", met=True, responder="jonas")
    on = claimed.when(by_jonas).then(fact(TouchAnnotated, 3, 1, note="jonas has answered on the platform"), ended)
    on.when(Release(responder="mira", revision=3, at=at(2))).then(
        fact(TouchReleased, 4, 2, responder="mira"), fact(TouchSettled, 5, 2, responder="jonas", **outcome)
    )
    by_nobody_known = replace(by_jonas, responder=None)
    held.when(by_nobody_known).then(fact(TouchSettled, 2, 1, responder=None, **outcome))
    claimed.when(by_nobody_known).then(
        fact(TouchAnnotated, 3, 1, note="somebody of the team has answered on the platform"),
        replace(ended, responder=None),
    )


def test_whoever_claims_first_has_it() -> None:
    assigned.when(Claim(responder="jonas", revision=1, at=at(1))).then(fact(TouchClaimed, 2, 1, responder="jonas"))
    held.when(Claim(responder="jonas", revision=1, at=at(1))).then(fact(TouchClaimed, 2, 1, responder="jonas"))
    claimed.when(Claim(responder="jonas", revision=2, at=at(1))).then_refused("not-allowed")
    claimed.when(Claim(responder="mira", revision=2, at=at(1), holder_left=False)).then_refused("not-allowed")


def test_the_hands_of_who_left_can_be_relieved() -> None:
    note = "mira is no longer among the responders: whoever claims it next has it"
    on = claimed.when(NoteHolderLeft(at=at(2))).then(fact(TouchAnnotated, 3, 2, note=note))
    on.when(Claim(responder="jonas", revision=3, at=at(3), holder_left=True)).then(
        fact(TouchClaimed, 4, 3, responder="jonas")
    )
    assigned.when(NoteHolderLeft(at=at(2))).then()


@pytest.mark.parametrize(
    ("stage", "command", "code"),
    [
        (given(TOUCH), Claim(responder="mira", revision=0, at=MONDAY), "unknown-touch"),
        (assigned, Claim(responder="mira", revision=0, at=MONDAY), "stale-revision"),
        (assigned, Settle(responder="jonas", revision=1, outcome="reached", at=MONDAY), "not-allowed"),
        (held, Settle(responder="jonas", revision=1, outcome="reached", at=MONDAY), "not-allowed"),
        (claimed, Release(responder="jonas", revision=2, at=MONDAY), "not-allowed"),
        (settled, Claim(responder="mira", revision=3, at=MONDAY), "already-ended"),
        (settled, Release(responder="mira", revision=2, at=MONDAY), "already-ended"),
    ],
)
def test_what_may_not_be_is_refused(stage: Given[Any], command: Any, code: str) -> None:
    stage.when(command).then_refused(code)


def test_the_older_and_the_heavier_stand_before_the_others() -> None:
    def rank(**changes: Any) -> float:
        place = TOUCH.standing(given(TOUCH, TouchRaised(need=need(**changes)), HELD).state)
        assert place is not None
        assert place.line == "held:harbour"
        return place.rank

    assert rank(care_load=12) > rank(care_load=2, since=at(-10)) > rank(care_load=2, since=at(-9))
    assert rank(care_load=2, since=at(-48)) > rank(care_load=3, since=at(-9)), "nothing waits for ever"


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        (assigned, "assigned:harbour:mira"),
        (claimed, "claimed:harbour:mira"),
        (given(TOUCH, RAISED, fact(TouchHeld, 1, hold="no-responder", why=())), "unserved:harbour"),
    ],
)
def test_open_touches_can_be_found(stage: Given[Any], line: str) -> None:
    place = TOUCH.standing(stage.state)
    assert place is not None
    assert place.line == line


def test_what_has_ended_stands_nowhere() -> None:
    assert TOUCH.standing(settled.state) is None
    assert TOUCH.standing(TOUCH.initial) is None
