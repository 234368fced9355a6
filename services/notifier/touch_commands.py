"""What is asked of a touch: by needs, by people, by the routing, and by the time that passes."""

from __future__ import annotations

from datetime import datetime

from msgspec import Struct

from services.notifier.touch_state import NeedEnded
from shared.contracts.needs_touch import NeedsTouch, NeedsTouchMet, NeedsTouchWithdrawn
from shared.contracts.touch_facts import EscalationCause, Hold, Outcome, ReminderTo, TouchFact, Verdict


class RaiseTouch(Struct, frozen=True, kw_only=True, gc=False):
    """A need came in, or came in again with another reason, or without one."""

    need: NeedsTouch


class AssignTouch(Struct, frozen=True, kw_only=True, gc=False):
    """The roster granted the responder's capacity; a touch in somebody's hands stays there."""

    responder: str
    why: tuple[Verdict, ...]
    at: datetime


class CarryMore(Struct, frozen=True, kw_only=True, gc=False):
    """The roster granted whoever it is assigned to what it weighs now."""

    care_load: int


class HoldTouch(Struct, frozen=True, kw_only=True, gc=False):
    """Nobody could be given it; a touch in somebody's hands stays there."""

    hold: Hold
    why: tuple[Verdict, ...]
    at: datetime


class Claim(Struct, frozen=True, kw_only=True, gc=False):
    """A responder takes it into their hands; ``holder_left`` when whoever has it there is no responder any more."""

    responder: str
    revision: int
    at: datetime
    holder_left: bool = False


class Release(Struct, frozen=True, kw_only=True, gc=False):
    """The responder gives it back."""

    responder: str
    revision: int
    at: datetime


class Settle(Struct, frozen=True, kw_only=True, gc=False):
    """The responder says how it ended."""

    responder: str
    revision: int
    outcome: Outcome
    at: datetime


class Withdraw(Struct, frozen=True, kw_only=True, gc=False):
    """The cause is gone."""

    end: NeedsTouchWithdrawn
    at: datetime


class Meet(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody of the team met the need on the platform; ``responder`` when the roster knows them."""

    end: NeedsTouchMet
    responder: str | None
    at: datetime


class Annotate(Struct, frozen=True, kw_only=True, gc=False):
    """Something is new about a touch in somebody's hands: ``note`` says it to them."""

    note: str
    at: datetime


class NoteHolderLeft(Struct, frozen=True, kw_only=True, gc=False):
    """The policy no longer knows the responder in whose hands it is."""

    at: datetime


class AdoptFact(Struct, frozen=True, kw_only=True, gc=False):
    """A fact that was published, and that the log has lost, is the touch's again; ``ended`` as it came with it."""

    fact: TouchFact
    ended: NeedEnded | None = None


# While nobody claims it


class Remind(Struct, frozen=True, kw_only=True, gc=False):
    """Whoever was given it has not claimed it for a while."""

    at: datetime


class PassOn(Struct, frozen=True, kw_only=True, gc=False):
    """The time of whoever was given it is over, and somebody else is there: the roster's grant follows."""

    at: datetime


class NoteOverdue(Struct, frozen=True, kw_only=True, gc=False):
    """The time of whoever was given it is over, and nobody else is there to take it."""

    at: datetime


class Escalate(Struct, frozen=True, kw_only=True, gc=False):
    """Nobody has claimed it, or could: ``responder`` is the emergency contact, if that is one of the responders."""

    cause: EscalationCause
    responder: str | None
    at: datetime


class RemindAgain(Struct, frozen=True, kw_only=True, gc=False):
    """It has escalated, and still nobody has claimed it."""

    to: ReminderTo
    responder: str | None
    at: datetime


class ArrangeLooks(Struct, frozen=True, kw_only=True, gc=False):
    """When it is looked at again: at its responder, and at how long all of it has lasted."""

    look_due: datetime | None
    alarm_due: datetime | None
