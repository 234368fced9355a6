"""``heated``: people insult each other; the more surely, the more often they do, and the faster they write.

Who is asked already learns of each further person who insults, of twice as many insults, and of a rising tempo.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from services.triage.difference import fainter
from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.reasons.signs import SUREST, doublings, evidence_with, grown, may_join, measured, over_threshold
from services.triage.tone_facts import HeatFelt, NoteSign
from shared.contracts.needs_touch import Scalar, TouchReason

HEATED: Final = "heated"
_EXCHANGE: Final = 1.0
"""What it adds to the log-odds that more than one insult."""

_FASTER: Final = 0.5
"""What it adds to the log-odds that the conversation becomes faster."""

_ENOUGH: Final = 6
"""Posts by which a tempo is told."""

_FAST: Final = 300.0
"""Seconds between posts."""

_GRAVER: Final = 1 / 8
"""By this share each step of an exchange counts more: nobody is as sure of one insult as two may be of many."""

_COUNTED: Final = ("insults", "people_insulting")


def strength(felt: Sequence[HeatFelt], talk: Sequence[datetime]) -> float:
    """Return how surely the conversation is heated, by the insults in it and when people wrote since the first."""
    calm = math.prod(1 - min(one.score, SUREST) for one in felt)
    odds = math.log((1 - calm) / calm)
    odds += _EXCHANGE * (len({one.member.key for one in felt}) > 1) + _FASTER * quickens(talk)
    return round(1 / (1 + math.exp(-odds)), 3)


def quickens(talk: Sequence[datetime]) -> bool:
    """Tell whether the later half of the posts came at least twice as fast as the earlier half, and fast."""
    if len(talk) < _ENOUGH:
        return False
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(sorted(talk))]
    middle = len(gaps) // 2
    before, after = median(gaps[:middle]), median(gaps[middle:])
    return after <= _FAST and after * 2 <= before


def found(
    command: NoteSign, felt: Sequence[HeatFelt], talk: Sequence[datetime], state: HoldsNeeds
) -> tuple[NeedFound, ...]:
    """Return the need that the insults tell of, if any: it is about who wrote the last."""
    known, measures = standing_for(state, HEATED), _measures(felt, talk)
    if isinstance(known, TouchReason):
        return _more(command, felt, measures, known)
    if command.shown_from is None or known is not None:
        return ()
    seen, values, more = measured(command)
    need = raised(
        seen,
        HEATED,
        command.member,
        tuple(one.evidence for one in felt),
        {**values, **measures},
        conversation=command.conversation,
        strength=_graver(more, measures),
        difference=fainter(command.shown_from),
    )
    return (need,)


def _more(
    command: NoteSign, felt: Sequence[HeatFelt], measures: dict[str, Scalar], known: TouchReason
) -> tuple[NeedFound, ...]:
    """Return the need with what was worst of it: another person, an insult, a tempo that was there stays told."""
    most: dict[str, Scalar] = {name: max(_number(measures, name), _number(known.values, name)) for name in _COUNTED}
    worst = {**most, "faster": bool(measures["faster"] or known.values.get("faster"))}
    if not may_join(command, known) or _steps(worst) <= _steps(known.values):
        return ()
    evidence = evidence_with(known, *(one.evidence for one in felt))
    return (grown(known, command, evidence, worst, _graver(over_threshold(command, known), worst)),)


def _measures(felt: Sequence[HeatFelt], talk: Sequence[datetime]) -> dict[str, Scalar]:
    return {
        "insults": len(felt),
        "people_insulting": len({one.member.key for one in felt}),
        "faster": quickens(talk),
    }


def _number(values: dict[str, Scalar], name: str) -> int:
    number = values.get(name, 1)
    return number if isinstance(number, int) else 1


def _steps(values: dict[str, Scalar]) -> int:
    """Return how far it went beyond one insult by one person: a step for each further one, doubling, and the tempo."""
    people, insults = _number(values, "people_insulting"), _number(values, "insults")
    return people - 1 + doublings(insults) + bool(values.get("faster"))


def _graver(strength: float, values: dict[str, Scalar]) -> float:
    return round(strength * (1 + _GRAVER * _steps(values)), 2)
