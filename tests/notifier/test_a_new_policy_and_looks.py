"""A new policy holds for what is assigned already: how long it may stay unclaimed, and who is told then."""

from __future__ import annotations

from datetime import timedelta

from services.notifier.touch_state import Watch
from shared.contracts.policy import Escalation, Policy, RoutinePatience
from tests.notifier.partition import Partition
from tests.notifier.people import ALWAYS, MONDAY, need, policy, responder

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


def test_a_claimed_touch_is_left_alone() -> None:
    partition = Partition(MONDAY)
    partition.adopt(within(48))
    partition.tell(need("t-1"))
    partition.claim("t-1", "mira")
    partition.adopt(within(2))
    assert partition.touch("t-1").watch == Watch()
