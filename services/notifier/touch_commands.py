"""What is asked of a touch: by needs, by people, by the routing, and by the time that passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from services.notifier.touch_state import NeedEnded
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchMet, NeedsTouchWithdrawn
from shared.contracts.touch_facts import EscalationCause, Hold, Outcome, ReminderTo, TouchFact, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseTouch:
    """A need came in."""

    need: NeedsTouch


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignTouch:
    """The roster granted the responder's capacity; a touch in somebody's hands stays there."""

    responder: str
    why: tuple[Verdict, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class HoldTouch:
    """Nobody could be given it; a touch in somebody's hands stays there."""

    hold: Hold
    why: tuple[Verdict, ...]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A responder takes it into their hands; ``holder_left`` when whoever has it there is no responder any more."""

    responder: str
    revision: int
    at: datetime
    holder_left: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """The responder gives it back."""

    responder: str
    revision: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Settle:
    """The responder says how it ended."""

    responder: str
    revision: int
    outcome: Outcome
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw:
    """The cause is gone."""

    end: NeedsTouchWithdrawn
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Meet:
    """Somebody of the team met the need on the platform; ``responder`` when the roster knows them."""

    end: NeedsTouchMet
    responder: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteHolderLeft:
    """The policy no longer knows the responder in whose hands it is."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AdoptFact:
    """A fact that was published, and that the log has lost, is the touch's again; ``ended`` as it came with it."""

    fact: TouchFact
    ended: NeedEnded | None = None


# While nobody claims it


@dataclass(frozen=True, slots=True, kw_only=True)
class Remind:
    """Whoever was given it has not claimed it for a while."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PassOn:
    """The time of whoever was given it is over, and somebody else is there: the roster's grant follows."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteOverdue:
    """The time of whoever was given it is over, and nobody else is there to take it."""

    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalate:
    """Nobody has claimed it, or could: ``responder`` is the emergency contact, if that is one of the responders."""

    cause: EscalationCause
    responder: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RemindAgain:
    """It has escalated, and still nobody has claimed it."""

    to: ReminderTo
    responder: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrangeLooks:
    """When it is looked at again: at its responder, and at how long all of it has lasted."""

    look_due: datetime | None
    alarm_due: datetime | None
