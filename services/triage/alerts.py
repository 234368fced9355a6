"""A community's alert budget: how many messages there were, what they scored, and how right the alerts were.

Every alert of a class takes of its budget; what people say of one afterwards makes the next ones stricter or less so.
Of the scores only the steps are kept that they fell into, and of nobody whose they were.
"""

from __future__ import annotations

import math
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.tone.calibration import STEPS, least_step, score_of, step_of
from services.triage.tone.signs import AlertKind
from shared.decider import Decider

KEPT: Final = 200_000
"""Messages after which older ones count half, so that a community's change is followed."""

_STRICTEST: Final = 24
_FIRST: Final = 1
"""Alerts that may come before there were messages enough for them: the first of a class."""

COUNTED_AT_ONCE: Final = 32
"""Of so many messages one is counted, by chance: what is known of their number is that much unsure."""


class MessagesCounted(Struct, frozen=True, kw_only=True, gc=False):
    """So many more messages were read."""

    messages: int


class ScoreSeen(Struct, frozen=True, kw_only=True, gc=False):
    """A message scored so in a class."""

    kind: AlertKind
    step: int


class AlertGiven(Struct, frozen=True, kw_only=True, gc=False):
    """A score was shown, since it reached ``threshold``, the least that was shown at the time."""

    kind: AlertKind
    threshold: float


class AlertJudged(Struct, frozen=True, kw_only=True, gc=False):
    """Somebody settled a touch that an alert had raised; ``right`` unless they said that it was not needed."""

    kind: AlertKind
    right: bool


class CountMessages(Struct, frozen=True, kw_only=True, gc=False):
    """Take note that so many more messages were read."""

    messages: int


class WeighScore(Struct, frozen=True, kw_only=True, gc=False):
    """May this be shown, when ``per_thousand`` of a thousand messages may?"""

    kind: AlertKind
    score: float
    per_thousand: float


class JudgeAlert(Struct, frozen=True, kw_only=True, gc=False):
    """Take note of what somebody said of an alert."""

    kind: AlertKind
    right: bool


class Class(Struct, frozen=True, kw_only=True, gc=False):
    """One class of alerts: the scores by step, the alerts given, and by how many steps people made it stricter."""

    counts: tuple[int, ...] = (0,) * STEPS
    given: int = 0
    stricter: int = 0


class AlertsState(Struct, frozen=True, kw_only=True, gc=False):
    """The messages that were read, and each class of alerts."""

    messages: int = 0
    classes: dict[AlertKind, Class] = {}


def decide(command: Any, state: AlertsState) -> tuple[Any, ...]:
    """Return the events that ``command`` leads to."""
    match command:
        case CountMessages():
            return (MessagesCounted(messages=command.messages),)
        case WeighScore():
            return _weigh(command, state)
        case JudgeAlert():
            return (AlertJudged(kind=command.kind, right=command.right),)
        case _:
            return ()


def _weigh(command: WeighScore, state: AlertsState) -> tuple[Any, ...]:
    seen = ScoreSeen(kind=command.kind, step=step_of(command.score))
    known = ALERTS.evolve(state, seen).classes[command.kind]
    allowed = state.messages * command.per_thousand / 1_000
    least = least_step(known.counts, allowed + _FIRST, known.stricter)
    surely = _surely(state.messages) * command.per_thousand / 1_000
    if seen.step < least or known.given + 1 > max(surely, _FIRST):
        return (seen,)
    return (seen, AlertGiven(kind=command.kind, threshold=round(score_of(least), 3)))


def _surely(messages: int) -> float:
    """Return how many messages there were at least, but for one time in six."""
    return max(messages - math.sqrt(messages * COUNTED_AT_ONCE), 0.0)


def evolve(state: AlertsState, event: Any) -> AlertsState:
    """Return the state after ``event``."""
    match event:
        case MessagesCounted():
            counted = replace(state, messages=state.messages + event.messages)
            return counted if counted.messages <= KEPT else _halved(counted)
        case ScoreSeen():
            known = state.classes.get(event.kind, Class())
            counts = (*known.counts[: event.step], known.counts[event.step] + 1, *known.counts[event.step + 1 :])
            return _with(state, event.kind, replace(known, counts=counts))
        case AlertGiven():
            known = state.classes.get(event.kind, Class())
            return _with(state, event.kind, replace(known, given=known.given + 1))
        case AlertJudged():
            known = state.classes.get(event.kind, Class())
            stricter = known.stricter + (-1 if event.right else 1)
            return _with(state, event.kind, replace(known, stricter=min(max(stricter, 0), _STRICTEST)))
        case _:
            return state


def _with(state: AlertsState, kind: AlertKind, changed: Class) -> AlertsState:
    return replace(state, classes={**state.classes, kind: changed})


def _halved(state: AlertsState) -> AlertsState:
    classes = {
        kind: replace(one, counts=tuple(count // 2 for count in one.counts), given=one.given // 2)
        for kind, one in state.classes.items()
    }
    return AlertsState(messages=state.messages // 2, classes=classes)


ALERTS: Final[Decider[AlertsState]] = Decider(
    category="alerts",
    initial=AlertsState(),
    decide=decide,
    evolve=evolve,
    events=(MessagesCounted, ScoreSeen, AlertGiven, AlertJudged),
)
