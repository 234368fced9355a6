"""Whether a touch is stuck: open, in a state in which nothing will happen to it any more. Pure, by notifier's rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from services.notifier.availability import LOOK_AGAIN, anybody, candidates, find
from services.notifier.choice import choose, has_room
from services.notifier.roster import DRAIN, RosterState
from services.notifier.streams import roster_stream
from services.notifier.touch import TOUCH
from services.notifier.touch_state import OPEN, TouchState
from shared.contracts.policy import Policy

AT_ONCE: Final = timedelta(seconds=5)
"""What no commit may leave behind is wrong as soon as it has been seen twice."""
AFTER_A_DRAIN: Final = LOOK_AGAIN + timedelta(minutes=5)
"""What the next drain may still mend is wrong only after it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What notifier's store holds around a touch: its roster, its policy, and which deadlines are set."""

    roster: RosterState
    policy: Policy | None
    deadlines: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspicion:
    """Why a touch looks stuck, and for how long it must look so."""

    why: str
    patience: timedelta


def suspicion(stream: str, touch: TouchState, around: Surroundings, now: datetime) -> Suspicion | None:
    """Return why the touch may be stuck at ``now``; None when something will still happen, or a person has it."""
    need = touch.need
    if need is None or touch.status not in OPEN:
        return None
    lost = [one.name for one in TOUCH.deadlines(touch) if (stream, one.name) not in around.deadlines]
    if lost:
        return Suspicion(why=f"{touch.status}, and its deadline {lost[0]} is not set", patience=AT_ONCE)
    looked_at_again = (roster_stream(need.organisation), DRAIN) in around.deadlines
    match touch.status:
        case "raised":
            return Suspicion(why="raised, and offered to nobody", patience=AT_ONCE)
        case "held" if touch.hold != "no-responder" and not looked_at_again:
            return Suspicion(why="held, and nothing will offer it again", patience=AT_ONCE)
        case "held" | "assigned" if not TOUCH.deadlines(touch):
            why = f"{touch.status}, and no deadline is left at which anybody looks at it"
            return Suspicion(why=why, patience=AT_ONCE)
        case "held" if _somebody_could_take(touch, around, now):
            return Suspicion(why="held, though somebody could take it", patience=AFTER_A_DRAIN)
        case "assigned" if around.policy and touch.responder and find(around.policy, touch.responder) is None:
            return Suspicion(why=f"assigned to {touch.responder}, who is no responder any more", patience=AFTER_A_DRAIN)
        case _:
            return None


def _somebody_could_take(touch: TouchState, around: Surroundings, now: datetime) -> bool:
    if around.policy is None or touch.need is None:
        return False
    if not any(has_room(around.roster, one) for one in anybody(around.policy, now)):
        return False
    stands = candidates(around.policy, touch.need, now, touch.past)
    return choose(around.roster, stands, touch.need.care_load).responder is not None
