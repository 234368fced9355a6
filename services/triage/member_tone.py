"""What the reading of tone leaves of one member: little, in a stream of its own, and nothing after they opted out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from services.triage import needs
from services.triage.needs import NEED_EVENTS, CloseNeed, EndNeed, PassNeed
from services.triage.reasons import distress, frustration, lost_signs, out_of_character, thanks
from services.triage.reasons.lost_signs import HoldsSigns
from services.triage.reasons.out_of_character import with_day
from services.triage.tone_facts import (
    DayNoted,
    FrustrationHeard,
    LoseSigns,
    NoteDay,
    NoteSign,
    OptOutOfTone,
    SignGone,
    ToneOptedIn,
    ToneOptedOut,
)
from shared.decider import Decider

_KEPT: Final = 3


class ToneState(HoldsSigns, frozen=True, kw_only=True, gc=False):
    """Whether the member opted out, their last signs of frustration, what their days were like, and what they need."""

    opted_out: bool = False
    said_at: datetime | None = None
    frustrated: tuple[FrustrationHeard, ...] = ()
    days: tuple[DayNoted, ...] = ()


def decide(command: Any, state: ToneState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case OptOutOfTone() if state.said_at is None or command.at >= state.said_at:
            said = ToneOptedOut(at=command.at) if command.opted_out else ToneOptedIn(at=command.at)
            return (said,) if command.opted_out != state.opted_out else ()
        case NoteSign() if not state.opted_out:
            return _note(command, state)
        case NoteDay() if not state.opted_out and (days := with_day(state.days, command.noted)) != state.days:
            return (command.noted, *out_of_character.found(command, state, days))
        case LoseSigns():
            return lost_signs.lose(command, state)
        case CloseNeed() | PassNeed() | EndNeed():
            return needs.decide(command, state)
        case _:
            return ()


def _note(command: NoteSign, state: ToneState) -> tuple[Any, ...]:
    match command.sign.kind:
        case "distress":
            return distress.found(command, state)
        case "frustration":
            return frustration.found(command, state.frustrated, state)
        case "gratitude":
            return thanks.found(command, state)
        case _:
            return ()


def evolve(state: ToneState, event: Any) -> ToneState:
    """Return the state after ``event``."""
    match event:
        case ToneOptedOut():
            return replace(state, opted_out=True, said_at=event.at, frustrated=(), days=())
        case ToneOptedIn():
            return replace(state, opted_out=False, said_at=event.at)
        case FrustrationHeard():
            return replace(state, frustrated=(*frustration.others(state.frustrated, event), event)[-_KEPT:])
        case SignGone():
            return _without(state, event)
        case DayNoted():
            return replace(state, days=with_day(state.days, event))
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _:
            return state


def _without(state: ToneState, event: SignGone) -> ToneState:
    gone = lost_signs.still_told(state, event)
    if event.reason != frustration.FRUSTRATION:
        return replace(state, gone=gone)
    heard = tuple(one for one in state.frustrated if one.evidence != event.evidence)
    return replace(state, frustrated=heard, gone=gone)


TONE: Final[Decider[ToneState]] = Decider(
    category="tone",
    initial=ToneState(),
    decide=decide,
    evolve=evolve,
    events=(ToneOptedOut, ToneOptedIn, FrustrationHeard, DayNoted, SignGone, *NEED_EVENTS),
)
