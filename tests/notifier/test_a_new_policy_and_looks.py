"""A new policy holds for what is assigned already: how long it may stay unclaimed, and who is told then."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from services.notifier.touch_state import Watch
from shared.contracts.policy import Escalation, Policy, RoutinePatience
from tests.notifier.partition import Partition
from tests.notifier.people import ALWAYS, MONDAY, OFFICE, need, policy, responder

MIRA = responder("mira")


def within(hours: float) -> Policy:
    patience = RoutinePatience(acknowledge_within_hours=hours, held_at_most_hours=hours, remind_again_after_hours=hours)
    return policy(MIRA, hours=ALWAYS, escalation=Escalation(routine=patience, remind_at_share=0.5))


def test_a_shorter_patience_holds_at_once_for_what_is_assigned() -> None:
    partition = Partition(MONDAY)
    partition.adopt(within(48))
    partition.tell(need("t-1"))
    assert partition.touch("t-1").watch.look_due == MONDAY + timedelta(hours=24)
    partition.adopt(within(2))
    assert partition.touch("t-1").watch.look_due == MONDAY + timedelta(hours=1)
    partition.pass_time(MONDAY + timedelta(hours=1))
    assert partition.touch("t-1").watch.reminded_at == MONDAY + timedelta(hours=1)


def test_a_day_that_is_closed_since_does_not_count() -> None:
    partition = Partition(MONDAY)
    held = policy(MIRA, escalation=Escalation(routine=RoutinePatience(acknowledge_within_hours=16)))
    partition.adopt(held)
    partition.tell(need("t-1"))
    assert partition.touch("t-1").watch.look_due == MONDAY + timedelta(hours=8)
    tuesday_off = replace(OFFICE, closed=("2026-11-24",))
    closed = replace(held, hours=tuesday_off, responders=(replace(MIRA, hours=tuesday_off),))
    partition.adopt(replace(closed, escalation=Escalation(routine=RoutinePatience(acknowledge_within_hours=17))))
    assert partition.touch("t-1").watch.look_due == MONDAY + timedelta(hours=48, minutes=30)


def test_a_claimed_touch_is_left_alone() -> None:
    partition = Partition(MONDAY)
    partition.adopt(within(48))
    partition.tell(need("t-1"))
    partition.claim("t-1", "mira")
    partition.adopt(within(2))
    assert partition.touch("t-1").watch == Watch()
