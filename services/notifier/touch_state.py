"""What is known of one touch, and where it stands in line."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, Literal

from msgspec import Struct, field
from msgspec.structs import replace

from shared.contracts.needs_touch import NeedsTouch
from shared.contracts.touch_facts import (
    Hold,
    TouchAnnotated,
    TouchAssigned,
    TouchClaimed,
    TouchEscalated,
    TouchFact,
    TouchHeld,
    TouchPassedOn,
    TouchReleased,
    TouchReminded,
    TouchSettled,
    TouchWithdrawn,
)
from shared.decider import Deadline, Standing

Status = Literal["unknown", "raised", "held", "assigned", "claimed", "settled", "withdrawn"]
OPEN: Final[tuple[Status, ...]] = ("raised", "held", "assigned", "claimed")
LOOK: Final = "look"
ALARM: Final = "alarm"
URGENT: Final = "urgent"


# What happened, beside the public facts


class TouchRaised(Struct, frozen=True, kw_only=True, gc=False):
    """The need came in, or came in again with another reason, or without one."""

    need: NeedsTouch


class LoadGrown(Struct, frozen=True, kw_only=True, gc=False):
    """A reason joined while the touch was assigned, and the roster granted what it weighs now."""

    care_load: int


class NeedEnded(Struct, frozen=True, kw_only=True, gc=False):
    """The need ended while the touch was in somebody's hands: once they give it back, it ends, too.

    ``met`` when somebody of the team met it, ``responder`` when the roster knows them; else the cause was gone.
    """

    cause: str
    met: bool
    responder: str | None


class TouchOverdue(Struct, frozen=True, kw_only=True, gc=False):
    """The responder's time to act on it was over, and nobody else was there: it stays theirs."""

    at: datetime


class LooksArranged(Struct, frozen=True, kw_only=True, gc=False):
    """While nobody has claimed the touch, its responder is looked at at ``look_due``, the whole at ``alarm_due``."""

    look_due: datetime | None
    alarm_due: datetime | None


# What is known


class GivenBack(Struct, frozen=True, kw_only=True, gc=False):
    """Who gave the touch back, and when they last did."""

    responder: str
    at: datetime


class NotTaken(Struct, frozen=True, kw_only=True, gc=False):
    """Who was given the touch and did not claim it in time, and when it was passed on."""

    responder: str
    at: datetime


class Watch(Struct, frozen=True, kw_only=True, gc=False):
    """How far the waiting for somebody to claim the touch has come.

    ``asked_at`` is when the responder was given it, ``held_since`` since when nobody has it, and ``overdue_since``
    since when the responder's time is over. ``told_at`` is when anybody was last told of its escalation. ``quiet``
    counts the newest facts that left the touch as it was: who has not seen them knows all the same where it stands.
    """

    asked_at: datetime | None = None
    reminded_at: datetime | None = None
    reminded_revision: int = 0
    overdue_since: datetime | None = None
    held_since: datetime | None = None
    escalated_at: datetime | None = None
    told_at: datetime | None = None
    told_revision: int = 0
    look_due: datetime | None = None
    alarm_due: datetime | None = None
    quiet: int = 0


class TouchState(Struct, frozen=True, kw_only=True, gc=False):
    """What is known of one touch. ``revision`` counts its published facts; ``care_load`` is what was granted for it.

    ``need_ended`` is how its need ended while it was in somebody's hands. ``not_taken`` is who did not claim it since
    anybody last did.
    """

    need: NeedsTouch | None = None
    status: Status = "unknown"
    revision: int = 0
    responder: str | None = None
    hold: Hold | None = None
    care_load: int = 0
    given_back: tuple[GivenBack, ...] = ()
    need_ended: NeedEnded | None = None
    not_taken: tuple[NotTaken, ...] = ()
    watch: Watch = field(default_factory=Watch)

    @property
    def past(self) -> tuple[GivenBack | NotTaken, ...]:
        """Who had it before, and did not keep it."""
        return (*self.given_back, *self.not_taken)

    @property
    def presses(self) -> bool:
        """Whether it became urgent in somebody's hands, and they have neither claimed it again nor let go of it."""
        urgent = self.need is not None and self.need.urgency == URGENT and self.need_ended is None
        return self.status == "claimed" and urgent and self.watch.reminded_at is not None

    @property
    def seen_from(self) -> int:
        """The oldest revision at which a person saw the touch where it stands now."""
        return self.revision - self.watch.quiet


def evolve(state: TouchState, event: Any) -> TouchState:
    """Return the state after ``event``."""
    if isinstance(event, TouchRaised):
        status: Status = "raised" if state.need is None else state.status
        return replace(state, need=event.need, status=status, need_ended=None)
    if isinstance(event, TouchFact):
        state = replace(state, revision=event.revision)
    match event:
        case TouchAssigned():
            watch = replace(_moved(state.watch), asked_at=event.at)
            weight = event.care_load
            return replace(
                state, status="assigned", responder=event.responder, care_load=weight, hold=None, watch=watch
            )
        case TouchHeld():
            watch = replace(state.watch, quiet=0) if state.status == "held" else _moved(state.watch)
            watch = replace(watch, held_since=watch.held_since or event.at)
            return replace(state, status="held", responder=None, care_load=0, hold=event.hold, watch=watch)
        case TouchClaimed():
            # Who was assigned it keeps the weight that was granted, though the need may weigh more by now.
            weight = state.care_load if state.responder == event.responder else _weight(state)
            state = replace(state, hold=None, not_taken=(), watch=Watch())
            return replace(state, status="claimed", responder=event.responder, care_load=weight)
        case TouchReleased():
            others = tuple(one for one in state.given_back if one.responder != event.responder)
            return replace(_nobodys(state), given_back=(*others, GivenBack(responder=event.responder, at=event.at)))
        case TouchPassedOn():
            return replace(
                _nobodys(state), not_taken=(*state.not_taken, NotTaken(responder=event.responder, at=event.at))
            )
        case LoadGrown():
            return replace(state, care_load=event.care_load)
        case NeedEnded():
            return replace(state, need_ended=event)
        case TouchSettled() | TouchWithdrawn():
            return _over(state, event)
        case TouchAnnotated() | TouchReminded() | TouchOverdue() | TouchEscalated() | LooksArranged():
            return replace(state, watch=_watched(state.watch, event))
        case _:
            return state


def _watched(watch: Watch, event: Any) -> Watch:
    match event:
        case TouchAnnotated():
            return replace(watch, quiet=0)
        case TouchReminded(to="responder"):
            # Once nobody else is left, it is the responder who is told again and again.
            told_at = event.at if watch.escalated_at and watch.overdue_since else watch.told_at
            watch = replace(watch, reminded_at=event.at, reminded_revision=event.revision)
            return replace(watch, told_at=told_at, quiet=watch.quiet + 1)
        case TouchReminded():
            return replace(watch, told_at=event.at, told_revision=event.revision, quiet=watch.quiet + 1)
        case TouchEscalated():
            watch = replace(watch, told_at=event.at, told_revision=event.revision)
            return replace(watch, escalated_at=event.at, quiet=watch.quiet + 1)
        case TouchOverdue():
            return replace(watch, overdue_since=event.at)
        case _:
            return replace(watch, look_due=event.look_due, alarm_due=event.alarm_due)


def _moved(watch: Watch) -> Watch:
    """Return the watch of a touch that has just moved: what has escalated stays so."""
    return Watch(escalated_at=watch.escalated_at, told_at=watch.told_at, told_revision=watch.told_revision)


def _over(state: TouchState, event: TouchSettled | TouchWithdrawn) -> TouchState:
    by = event.responder if isinstance(event, TouchSettled) else None
    status: Status = "settled" if isinstance(event, TouchSettled) else "withdrawn"
    return replace(state, status=status, responder=by, hold=None, watch=Watch())


def _nobodys(state: TouchState) -> TouchState:
    return replace(state, status="raised", responder=None, care_load=0, watch=_moved(state.watch))


def _weight(state: TouchState) -> int:
    return state.need.care_load if state.need else 0


# Where it stands, and when it is looked at


def held_line(organisation: str) -> str:
    """Return the line in which held touches of the organisation wait."""
    return f"held:{organisation}"


def unserved_line(organisation: str) -> str:
    """Return the line of touches that nobody serves: only another policy can help them."""
    return f"unserved:{organisation}"


def line_of(status: Literal["assigned", "claimed"], organisation: str, responder: str) -> str:
    """Return the line of what is assigned to a responder, or claimed by one: to be found when they leave."""
    return f"{status}:{organisation}:{responder}"


def standing(state: TouchState) -> Standing | None:
    """Open touches stand in line, oldest, heaviest and most important first."""
    if state.need is None:
        return None
    organisation = state.need.organisation
    match state.status:
        case "held":
            line = unserved_line(organisation) if state.hold == "no-responder" else held_line(organisation)
        case "assigned" | "claimed":
            line = line_of(state.status, organisation, state.responder or "")
        case _:
            return None
    return Standing(line=line, rank=-state.need.ranked_from.timestamp())


def deadlines(state: TouchState) -> tuple[Deadline, ...]:
    """Return when a touch is looked at again that waits for somebody to act on it."""
    moments = ((LOOK, state.watch.look_due), (ALARM, state.watch.alarm_due))
    return tuple(Deadline(name=name, due=due) for name, due in moments if due is not None)
