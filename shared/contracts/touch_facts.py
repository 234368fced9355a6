"""Touch facts: what notifier publishes on TOUCH_FACTS about touches, from assigned to settled. They carry no text."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from shared.contracts.names import Label, Name

Outcome = Literal["reached", "no-response", "referred", "not-needed", "replied-on-platform"]
"""How a settled touch ended. ``not-needed`` says that the flag was wrong."""

Hold = Literal["outside-hours", "over-limit", "on-leave", "given-back", "no-responder"]
"""Why nobody could be given a touch: the strongest reason among those who serve its segment."""


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


TOUCH_FACT_TYPES: Final[dict[str, type[TouchFact]]] = {
    f"warmline.touch.{kind.__name__.removeprefix('Touch').lower()}.v1": kind
    for kind in (
        TouchAssigned,
        TouchHeld,
        TouchClaimed,
        TouchReleased,
        TouchSettled,
        TouchWithdrawn,
        TouchAnnotated,
    )
}
"""CloudEvents ``type`` to the form of ``data``."""
