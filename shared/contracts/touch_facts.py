"""Touch facts: what notifier publishes on TOUCH_FACTS about touches, from assigned to settled. They carry no text."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final, Literal

from msgspec import Struct

from shared.contracts.names import Label, Name

Outcome = Literal["reached", "no-response", "referred", "not-needed", "replied-on-platform"]
"""How a settled touch ended. ``not-needed`` says that the flag was wrong."""

Hold = Literal["outside-hours", "over-limit", "on-leave", "given-back", "not-taken", "no-responder"]
"""Why nobody could be given a touch: the strongest reason among those who serve its segment."""

EscalationCause = Literal["nobody-claimed", "held-too-long", "not-claimed-again"]
"""Why a touch escalated: whoever was given it did not claim it, or did not
claim it again when it became urgent in their hands; or there was nobody to be given it."""

ReminderTo = Literal["responder", "emergency-contact"]
"""Whom a reminder is for: who was given the touch, or, once it has escalated, whom the policy names for that."""


class Verdict(Struct, frozen=True, kw_only=True, gc=False):
    """Why a responder was chosen or passed over, in words for people."""

    responder: Name
    chosen: bool
    why: Label


class TouchFact(Struct, frozen=True, kw_only=True, gc=False):
    """What every touch fact holds. ``revision`` counts the touch's facts from 1: what a command must have seen."""

    touch: Label
    revision: int
    organisation: Name
    community: Name
    at: datetime


class TouchAssigned(TouchFact, frozen=True, kw_only=True, gc=False):
    """The roster granted the responder's capacity, for the reasons in ``why``."""

    responder: Name
    care_load: int
    why: tuple[Verdict, ...]


class TouchHeld(TouchFact, frozen=True, kw_only=True, gc=False):
    """Nobody could be given the touch; it waits, visibly."""

    hold: Hold
    why: tuple[Verdict, ...]


class TouchClaimed(TouchFact, frozen=True, kw_only=True, gc=False):
    """A responder took the touch into their hands."""

    responder: Name


class TouchReleased(TouchFact, frozen=True, kw_only=True, gc=False):
    """The responder gave the touch back."""

    responder: Name


class TouchSettled(TouchFact, frozen=True, kw_only=True, gc=False):
    """The touch is done; ``responder`` is empty when somebody of the team who is no responder met the need.

    ``need_revision`` is the needs-touch that was known then: a reason of a later one is not settled.
    """

    responder: Name | None
    outcome: Outcome
    about: Label
    need_revision: int | None = None


class TouchWithdrawn(TouchFact, frozen=True, kw_only=True, gc=False):
    """The cause was gone before anybody had claimed the touch."""

    cause: Label


class TouchAnnotated(TouchFact, frozen=True, kw_only=True, gc=False):
    """Something changed while the touch was in a responder's hands; it stays theirs."""

    note: Label


class TouchReminded(TouchFact, frozen=True, kw_only=True, gc=False):
    """Somebody was reminded of a touch that waits to be acted on; it stays where it is.

    ``responder`` is empty for an emergency contact who is no responder.
    """

    responder: Name | None
    to: ReminderTo


class TouchPassedOn(TouchFact, frozen=True, kw_only=True, gc=False):
    """The responder did not claim the touch in time; who has it now follows as an assignment."""

    responder: Name


class TouchEscalated(TouchFact, frozen=True, kw_only=True, gc=False):
    """Nobody has acted on the touch; it stays where it is, marked as escalated until somebody claims it.

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
