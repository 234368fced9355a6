"""What the reading of tone leaves of one member: little, in a stream of its own, and nothing after they opted out."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from services.triage import needs
from services.triage.needs import NEED_EVENTS, CloseNeed, HoldsNeeds, PassNeed
from services.triage.reasons import distress, frustration, thanks
from services.triage.tone_facts import FrustrationHeard, NoteSign, OptOutOfTone, ToneOptedIn, ToneOptedOut
from shared.decider import Decider

_KEPT: Final = 3


class ToneState(HoldsNeeds, frozen=True, kw_only=True, gc=False):
    """Whether the member opted out, their last signs of frustration, and what they need."""

    opted_out: bool = False
    said_at: datetime | None = None
    frustrated: tuple[FrustrationHeard, ...] = ()


def decide(command: Any, state: ToneState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case OptOutOfTone() if state.said_at is None or command.at >= state.said_at:
            said = ToneOptedOut(at=command.at) if command.opted_out else ToneOptedIn(at=command.at)
            return (said,) if command.opted_out != state.opted_out else ()
        case NoteSign() if not state.opted_out:
            return _note(command, state)
        case CloseNeed() | PassNeed():
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
            return replace(state, opted_out=True, said_at=event.at, frustrated=())
        case ToneOptedIn():
            return replace(state, opted_out=False, said_at=event.at)
        case FrustrationHeard():
            others = [one for one in state.frustrated if one.evidence.event != event.evidence.event]
            return replace(state, frustrated=(*others, event)[-_KEPT:])
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _:
            return state


TONE: Final[Decider[ToneState]] = Decider(
    category="tone",
    initial=ToneState(),
    decide=decide,
    evolve=evolve,
    events=(ToneOptedOut, ToneOptedIn, FrustrationHeard, *NEED_EVENTS),
)
