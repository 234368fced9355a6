"""How heated one conversation is: the insults in it, and for a while after each how fast people write."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Final

from msgspec.structs import replace

from services.triage import needs
from services.triage.needs import NEED_EVENTS, CloseNeed, EndNeed, PassNeed
from services.triage.reasons import heated, lost_signs
from services.triage.reasons.lost_signs import HoldsSigns
from services.triage.tone_facts import HeatFelt, LoseSigns, NoteSign, NoteTalk, SignGone, TalkHeard
from shared.decider import Decider

_KEPT: Final = 8
_HEARD: Final = 12
"""Posts that are noted after an insult."""


class HeatState(HoldsSigns, frozen=True, kw_only=True, gc=False):
    """The last insults, when people wrote since, and what is needed. ``heard`` counts the posts since the last."""

    felt: tuple[HeatFelt, ...] = ()
    talk: tuple[datetime, ...] = ()
    heard: int = 0


def watched(state: HeatState, at: datetime, within: timedelta) -> bool:
    """Tell whether a post at ``at`` is one of the few after an insult that are noted."""
    return bool(state.felt) and state.heard < _HEARD and timedelta(0) <= at - state.felt[-1].evidence.time <= within


def lately(state: HeatState, felt: HeatFelt, within: timedelta) -> tuple[tuple[HeatFelt, ...], tuple[datetime, ...]]:
    """Return the insults shortly before ``felt`` and it, and when people wrote meanwhile."""
    since, until = felt.evidence.time - within, felt.evidence.time
    insults = [one for one in _others(state, felt) if since <= one.evidence.time <= until]
    return (*insults, felt), tuple(time for time in (*state.talk, until) if since <= time <= until)


def decide(command: Any, state: HeatState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case NoteSign():
            felt = HeatFelt(
                member=command.member,
                evidence=command.evidence,
                score=command.sign.score,
                instead_of=command.instead_of,
            )
            return (felt, *heated.found(command, *lately(state, felt, command.within), state))
        case NoteTalk() if watched(state, command.at, command.within):
            return (TalkHeard(at=command.at),)
        case LoseSigns():
            return lost_signs.lose(command, state)
        case CloseNeed() | PassNeed() | EndNeed():
            return needs.decide(command, state)
        case _:
            return ()


def evolve(state: HeatState, event: Any) -> HeatState:
    """Return the state after ``event``."""
    match event:
        case HeatFelt():
            others = _others(state, event)
            talk = (*state.talk, event.evidence.time)[-_HEARD:]
            return replace(state, felt=(*others, event)[-_KEPT:], talk=talk, heard=0)
        case SignGone():
            felt = tuple(one for one in state.felt if one.evidence != event.evidence)
            return replace(state, felt=felt, gone=lost_signs.still_told(state, event))
        case TalkHeard():
            return replace(state, talk=(*state.talk, event.at)[-_HEARD:], heard=state.heard + 1)
        case _ if isinstance(event, NEED_EVENTS):
            return needs.evolve(state, event)
        case _:
            return state


def _others(state: HeatState, felt: HeatFelt) -> list[HeatFelt]:
    return [one for one in state.felt if one.evidence not in (felt.evidence, *felt.instead_of)]


HEAT: Final[Decider[HeatState]] = Decider(
    category="heat",
    initial=HeatState(),
    decide=decide,
    evolve=evolve,
    events=(HeatFelt, TalkHeard, SignGone, *NEED_EVENTS),
)
