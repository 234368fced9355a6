"""``heated``: people insult each other; the more surely, the more often they do, and the faster they write."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import median
from typing import Final

from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.reasons.signs import measured
from services.triage.tone_facts import HeatFelt, NoteSign

HEATED: Final = "heated"
_EXCHANGE: Final = 1.0
"""What it adds to the log-odds that more than one insult."""

_FASTER: Final = 0.5
"""What it adds to the log-odds that the conversation becomes faster."""

_ENOUGH: Final = 6
"""Posts by which a tempo is told."""

_FAST: Final = 300.0
"""Seconds between posts."""

_SUREST: Final = 0.999


def strength(felt: Sequence[HeatFelt], talk: Sequence[datetime]) -> float:
    """Return how surely the conversation is heated, by the insults in it and when people wrote since the first."""
    calm = math.prod(1 - min(one.score, _SUREST) for one in felt)
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
    if command.shown_from is None or standing_for(state, HEATED) is not None:
        return ()
    seen, values, more = measured(command)
    need = raised(
        seen,
        HEATED,
        command.member,
        tuple(one.evidence for one in felt),
        {
            **values,
            "insults": len(felt),
            "people_insulting": len({one.member.key for one in felt}),
            "faster": quickens(talk),
        },
        conversation=command.conversation,
        strength=more,
    )
    return (need,)
