"""Touch facts: what notifier publishes on TOUCH_FACTS about touches, from assigned to settled. They carry no text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.contracts.names import Label, Name

Outcome = Literal["reached", "no-response", "referred", "not-needed", "replied-on-platform"]
"""How a settled touch ended. ``not-needed`` says that the flag was wrong."""

Hold = Literal["outside-hours", "over-limit", "on-leave", "given-back", "not-taken", "no-responder"]
"""Why nobody could be given a touch: the strongest reason among those who serve its segment."""

EscalationCause = Literal["nobody-claimed", "held-too-long"]
"""Why a touch escalated: whoever was given it did not claim it, or there was nobody to be given it."""

ReminderTo = Literal["responder", "emergency-contact"]
"""Whom a reminder is for: who was given the touch, or, once it has escalated, whom the policy names for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Why a responder was chosen or passed over, in words for people."""

    responder: Name
    chosen: bool
    why: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchFact:
    """What every touch fact holds. ``revision`` counts the touch's facts from 1: what a command must have seen."""

    touch: Label
    revision: int
    organisation: Name
    community: Name
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchAssigned(TouchFact):
    """The roster granted the responder's capacity, for the reasons in ``why``."""

    responder: Name
    care_load: int
    why: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchHeld(TouchFact):
    """Nobody could be given the touch; it waits, visibly."""

    hold: Hold
    why: tuple[Verdict, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchClaimed(TouchFact):
    """A responder took the touch into their hands."""

    responder: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchReleased(TouchFact):
    """The responder gave the touch back."""

    responder: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchSettled(TouchFact):
    """The touch is done; ``responder`` is empty when somebody of the team who is no responder met the need."""

    responder: Name | None
    outcome: Outcome
    about: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchWithdrawn(TouchFact):
    """The cause was gone before anybody had claimed the touch."""

    cause: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchAnnotated(TouchFact):
    """Something changed while the touch was in a responder's hands; it stays theirs."""

    note: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchReminded(TouchFact):
    """Nobody had claimed the touch yet, and somebody was reminded; it stays where it is.

    ``responder`` is empty for an emergency contact who is no responder.
    """

    responder: Name | None
    to: ReminderTo


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchPassedOn(TouchFact):
    """The responder did not claim the touch in time; who has it now follows as an assignment."""

    responder: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class TouchEscalated(TouchFact):
    """Nobody has claimed the touch; it stays where it is, marked as escalated until somebody does.

    ``responder`` is the emergency contact who is told; empty when that is an address, or when there is none.
    """

    cause: EscalationCause
    responder: Name | None


def _type_of(kind: type[TouchFact]) -> str:
    words = re.findall("[A-Z][a-z]+", kind.__name__.removeprefix("Touch"))
    return f"warmline.touch.{'-'.join(words).lower()}.v1"


TOUCH_FACT_TYPES: Final[dict[str, type[TouchFact]]] = {
    _type_of(kind): kind
    for kind in (
        TouchAssigned,
        TouchHeld,
        TouchClaimed,
        TouchReleased,
        TouchSettled,
        TouchWithdrawn,
        TouchAnnotated,
        TouchReminded,
        TouchPassedOn,
        TouchEscalated,
    )
}
"""CloudEvents ``type`` to the form of ``data``."""
