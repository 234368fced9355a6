"""Touches are offered to who can take them, or held with the reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.notifier.roster import CapacityGranted
from shared.contracts.needs_touch import TouchReason
from shared.contracts.policy import Leave, Limits, Policy
from shared.contracts.touch_facts import TouchAssigned, TouchHeld
from shared.decider import Refused
from tests.notifier.partition import Partition
from tests.notifier.people import MONDAY, OFFICE, need, policy, reason, responder, who
from tests.notifier.standing import JONAS, MIRA, assigned, partition


def test_a_need_is_assigned_and_the_capacity_granted_in_one_transaction() -> None:
    made = partition()
    made.batched = True
    made.tell(need())
    made.commit()
    granted, given, _ = made.events[-3:]
    assert isinstance(granted, CapacityGranted)
    assert isinstance(given, TouchAssigned)
    assert (granted.touch, granted.responder, granted.care_load) == ("t-1", given.responder, 2)
    assert given.revision == 1


def test_who_carries_least_is_asked_first() -> None:
    made = partition()
    made.tell(need("t-1", care_load=5))
    made.tell(need("t-2", care_load=1))
    made.tell(need("t-3", care_load=1))
    assert assigned(made) == {"t-1": "jonas", "t-2": "mira", "t-3": "mira"}


def promised_by(name: str) -> tuple[TouchReason, ...]:
    return (reason("follow-up", values={"promised_by": name}),)


def test_who_promised_it_is_asked_before_who_carries_less_if_they_can_take_it() -> None:
    away = responder("vera", leave=(Leave(first="2026-11-23", last="2026-11-27"),))
    made = partition(policy(MIRA, JONAS, away))
    made.tell(need("t-1", care_load=5, reasons=promised_by("mira")))
    made.tell(need("t-2", care_load=1, reasons=promised_by("mira")))
    made.tell(need("t-3", care_load=1, reasons=promised_by("vera")))
    assert assigned(made) == {"t-1": "mira", "t-2": "mira", "t-3": "jonas"}
    assert made.of(TouchAssigned)[1].why[0].why == "available, carries 5 of 20 care load: promised it"


def test_every_assignment_says_why_this_human_and_why_not_the_others() -> None:
    absent = responder("vera", leave=(Leave(first="2026-11-23", last="2026-11-27"),))
    made = partition(policy(MIRA, responder("noor", segments=("partners",)), absent))
    made.tell(need())
    (given,) = made.of(TouchAssigned)
    assert [(one.responder, one.chosen) for one in given.why] == [("mira", True), ("noor", False), ("vera", False)]
    assert given.why[1].why == "does not serve the segment everyone"
    assert given.why[2].why == "on leave until 2026-11-27"


def test_segment_and_community_are_kept_to() -> None:
    made = partition(
        policy(responder("noor", segments=("partners",)), responder("omar", communities=("harbour-town",)))
    )
    made.tell(need("t-1", segment="partners"))
    made.tell(need("t-2", community="harbour-town"))
    made.tell(need("t-3"))
    assert assigned(made) == {"t-1": "noor", "t-2": "omar"}
    assert made.touch("t-3").hold == "no-responder"


def test_nobody_is_assigned_a_touch_about_themselves_nor_may_claim_it() -> None:
    made = partition(policy(MIRA))
    made.tell(need(member=who("mira")))
    assert made.touch("t-1").status == "held"
    with pytest.raises(Refused, match="about you"):
        made.claim("t-1", "mira")
    made.adopt(policy(MIRA, JONAS))
    made.fire_due()
    assert assigned(made) == {"t-1": "jonas"}


@pytest.mark.parametrize(
    ("held", "hold"),
    [
        (policy(responder("mira", hours=replace(OFFICE, days={"tuesday": ("09:00-17:00",)}))), "outside-hours"),
        (policy(MIRA, limits=Limits(care_load=1)), "over-limit"),
        (policy(responder("mira", leave=(Leave(first="2026-11-23", last="2026-11-23"),))), "on-leave"),
        (policy(responder("mira", segments=("partners",))), "no-responder"),
        (policy(), "no-responder"),
    ],
)
def test_what_nobody_can_take_is_held_with_the_reason(held: Policy, hold: str) -> None:
    made = partition(held)
    if hold == "over-limit":
        made.tell(need("t-0", care_load=1))
    made.tell(need())
    (fact,) = made.of(TouchHeld)
    assert (fact.hold, made.touch("t-1").status) == (hold, "held")
    assert len(fact.why) == len(held.responders)


def test_what_comes_before_any_policy_waits_for_it() -> None:
    made = Partition(MONDAY)
    made.tell(need())
    assert made.touch("t-1").hold == "no-responder"
    made.adopt(policy(MIRA))
    made.fire_due()
    assert assigned(made) == {"t-1": "mira"}


@pytest.mark.parametrize(
    "limits", [Limits(care_load=4), Limits(touches=2), Limits(touches_per_day=2)], ids=["load", "touches", "day"]
)
def test_the_machine_exceeds_no_limit(limits: Limits) -> None:
    made = partition(policy(MIRA, limits=limits))
    for number in range(5):
        made.tell(need(f"t-{number}"))
    assert len(assigned(made)) == 2
    assert {event.hold for event in made.of(TouchHeld)} == {"over-limit"}
