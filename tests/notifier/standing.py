"""A partition of notifier with two responders, and how touches and loads stand in it."""

from __future__ import annotations

from datetime import datetime

from shared.contracts.policy import Policy
from shared.contracts.touch_facts import TouchAssigned
from tests.notifier.partition import Partition
from tests.notifier.people import MONDAY, policy, responder

MIRA, JONAS = responder("mira"), responder("jonas")


def partition(held: Policy | None = None, now: datetime = MONDAY, *, line_length: int = 500) -> Partition:
    made = Partition(now, line_length=line_length)
    made.adopt(held or policy(MIRA, JONAS))
    made.fire_due()
    return made


def assigned(made: Partition) -> dict[str, str]:
    """Return who was last assigned each touch that is assigned or claimed now."""
    touches = {event.touch for event in made.of(TouchAssigned)}
    states = {touch: made.touch(touch) for touch in sorted(touches)}
    return {touch: state.responder or "" for touch, state in states.items() if state.status in {"assigned", "claimed"}}


def load(made: Partition, name: str) -> tuple[int, int]:
    carried = made.roster.load_of(name)
    return carried.care_load, carried.touches
