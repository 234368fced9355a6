"""The demo's two parts: what happened before it was looked at, and what happens while somebody looks."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from infra.demo.community import Arrival, Harbour, Question
from infra.demo.pace import LIVELY, SLOW
from infra.outgoing_event import OutgoingEvent

_BEFORE: Final = timedelta(days=21)
_QUIET: Final = timedelta(hours=8)
_QUESTIONS_AGO: Final = (300, 110, 35, 8)
_ARRIVALS_AGO: Final = (200, 25)
BACKSTORY_TAG: Final = "b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backstory:
    """Three weeks that end at ``start``, oldest first; of today, some questions and newcomers are still open."""

    events: tuple[OutgoingEvent, ...]
    questions: tuple[Question, ...]
    arrivals: tuple[Arrival, ...]


def backstory(start: datetime, *, seed: int) -> Backstory:
    """Return the same story for the same ``seed``, moved to end at ``start``; ids do not depend on ``start``."""
    house = Harbour(seed=seed, tag=BACKSTORY_TAG, begin=start - _BEFORE, pace=SLOW)
    house.settle_in()
    house.live()
    events = list(house.events(until=start - _QUIET))
    questions, arrivals = house.leave_open(
        [start - timedelta(minutes=minutes) for minutes in _QUESTIONS_AGO],
        [start - timedelta(minutes=minutes) for minutes in _ARRIVALS_AGO],
    )
    events += house.events(until=start - _QUIET)
    return Backstory(events=tuple(events), questions=tuple(questions), arrivals=tuple(arrivals))


def life(start: datetime, *, seed: int, before: Backstory | None) -> Iterator[OutgoingEvent]:
    """Yield what happens from ``start`` on, without end; what ``before`` left open is met in time."""
    house = Harbour(seed=seed, tag=f"{int(start.timestamp()):x}", begin=start, pace=LIVELY)
    if before is not None:
        house.take_up(before.questions, before.arrivals)
    house.live()
    return house.events()
