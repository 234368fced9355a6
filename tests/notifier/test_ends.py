"""Needs that end, and responders who leave."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from shared.contracts.needs_touch import MemberRef
from shared.contracts.policy import Limits
from shared.contracts.touch_facts import TouchAnnotated, TouchSettled
from tests.notifier.people import ALWAYS, at, met, need, policy, responder, withdrawn
from tests.notifier.standing import JONAS, MIRA, assigned, load, partition


def test_a_withdrawn_need_frees_the_responder_once() -> None:
    made = partition(policy(MIRA))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.tell(withdrawn(need("t-1")))
    assert (made.touch("t-1").status, load(made, "mira")) == ("withdrawn", (2, 1))
    made.tell(met(need("t-1"), "mira"))
    assert load(made, "mira") == (2, 1)


def test_an_end_that_crosses_a_settlement_frees_nobody_twice() -> None:
    made = partition(policy(MIRA))
    made.tell(need("t-1"))
    made.tell(need("t-2"))
    made.settle("t-1", "mira")
    made.tell(withdrawn(need("t-1")))
    assert load(made, "mira") == (2, 1)


def test_a_claimed_touch_is_annotated_and_stays() -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(withdrawn(need()))
    made.tell(met(need(), "jonas"))
    assert (made.touch("t-1").status, made.touch("t-1").responder) == ("claimed", "mira")
    assert [event.note for event in made.of(TouchAnnotated)] == [
        "the cause is gone: a peer answered",
        "jonas has answered on the platform",
    ]


def test_care_given_elsewhere_counts_to_who_logged_it_and_is_no_answer_on_the_platform() -> None:
    made = partition()
    made.tell(need("t-1"))
    by = MemberRef(key="m-jonas", platform="warmline", id="jonas")
    made.tell(replace(met(need("t-1"), "jonas"), by=by))
    (settled,) = made.of(TouchSettled)
    assert (settled.responder, settled.outcome) == ("jonas", "reached")


@pytest.mark.parametrize(("end", "status"), [(withdrawn(need()), "withdrawn"), (met(need(), "jonas"), "settled")])
def test_what_is_given_back_after_its_need_ended_is_nobodys_any_more(end, status: str) -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(end)
    revision = made.release("t-1", "mira")
    made.fire_due()
    assert (made.touch("t-1").status, made.touch("t-1").revision) == (status, revision)
    assert (load(made, "mira"), load(made, "jonas")) == ((0, 0), (0, 0))


def test_a_responders_own_reply_settles_what_they_claimed() -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.tell(met(need(), "mira"))
    (fact,) = made.of(TouchSettled)
    assert (fact.responder, fact.outcome) == ("mira", "replied-on-platform")
    assert load(made, "mira") == (0, 0)
    assert made.roster.load_of("mira").granted == 1


def test_a_reply_to_what_was_assigned_to_somebody_else_counts_to_the_day_of_who_replied() -> None:
    made = partition()
    made.tell(need())
    assert assigned(made) == {"t-1": "jonas"}
    made.tell(met(need(), "mira"))
    assert made.touch("t-1").status == "settled"
    assert (load(made, "jonas"), load(made, "mira")) == ((0, 0), (0, 0))
    assert made.roster.load_of("mira").granted == 1


def test_a_reply_by_somebody_of_the_team_who_is_no_responder_settles_too() -> None:
    made = partition(policy(MIRA))
    made.tell(need())
    made.tell(met(need(), "moderator"))
    (fact,) = made.of(TouchSettled)
    assert fact.responder is None
    assert load(made, "mira") == (0, 0)


def test_what_is_assigned_to_who_left_the_roster_goes_to_others() -> None:
    made = partition(line_length=2)
    for number in range(6):
        made.tell(need(f"t-{number}"))
    made.adopt(policy(JONAS, limits=Limits(touches=5)))
    made.pass_time(at(0.001))
    states = [made.touch(f"t-{number}") for number in range(6)]
    assert [state.responder for state in states].count("jonas") == 5
    assert [state.hold for state in states].count("over-limit") == 1
    assert load(made, "mira") == (0, 0)


def test_what_is_in_the_hands_of_who_left_can_be_claimed_and_says_so() -> None:
    made = partition()
    made.tell(need())
    made.claim("t-1", "mira")
    made.adopt(policy(JONAS))
    made.fire_due()
    assert made.touch("t-1").responder == "mira"
    (note,) = made.of(TouchAnnotated)
    assert "mira is no longer among the responders" in note.note
    made.claim("t-1", "jonas")
    assert (made.touch("t-1").responder, load(made, "mira"), load(made, "jonas")) == ("jonas", (0, 0), (2, 1))


def test_the_same_policy_of_a_second_community_changes_nothing() -> None:
    made = partition()
    before = len(made.events)
    made._policies -= 1
    made.adopt(policy(MIRA, JONAS))
    assert len(made.events) == before


def test_the_policy_is_not_written_again_with_every_touch() -> None:
    many = [responder(f"responder-{number}", hours=ALWAYS) for number in range(30)]
    made = partition(policy(*many))
    made.tell(need())
    assert made.bytes_of("policy:harbour") > 5_000
    assert made.bytes_of("roster:harbour") < 500
