"""An alert budget: from which score on a community's messages are shown, so that no more than its share of them is.

What a community is used to differs, and so do its scores. Kept of them is how many fell into each of some steps, which
is small and holds no text. Crisis wording stands outside of this: it is always shown.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

BUDGET: Final = 1 / 1_000
"""Alerts per message, of each class of alerts, where a policy says nothing else."""

START: Final = 0.8
"""The least score that is shown of a community that too little is known of."""

_STEPS: Final = 96
_STEPS_PER_LOGIT: Final = 6
_KEPT: Final = 200_000
"""Messages after which older ones count half, so that a community's change is followed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """The scores of one class in one community: messages in all, and of those with a score how many at each step."""

    messages: int = 0
    counts: tuple[int, ...] = (0,) * _STEPS


def see(seen: Seen, scores: Iterable[float]) -> Seen:
    """Return ``seen`` with the scores of further messages; a score of 0 is a message behind a closed gate."""
    counts = list(seen.counts)
    messages = seen.messages
    for score in scores:
        messages += 1
        if score > 0:
            counts[_step(score)] += 1
    if messages > _KEPT:
        return Seen(messages=messages // 2, counts=tuple(count // 2 for count in counts))
    return Seen(messages=messages, counts=tuple(counts))


def threshold(seen: Seen, budget: float = BUDGET) -> float:
    """Return the least score that is shown, so that alerts stay within ``budget`` per message; above 1, none is.

    Before there were messages enough for a few alerts nothing below ``START`` is shown.
    """
    allowed = seen.messages * budget
    above = 0
    for step in range(_STEPS - 1, -1, -1):
        above += seen.counts[step]
        if above > allowed:
            least = _score(step + 1) if step + 1 < _STEPS else math.nextafter(1, 2)
            return max(least, START) if allowed < 3 else least
    return START if allowed < 3 else _score(0)


def _step(score: float) -> int:
    logit = math.log(score / (1 - score)) if score < 1 else math.inf
    return int(min(max((logit * _STEPS_PER_LOGIT) + _STEPS / 2, 0), _STEPS - 1))


def _score(step: int) -> float:
    """Return the least score at ``step``."""
    return 1 / (1 + math.exp(-(step - _STEPS / 2) / _STEPS_PER_LOGIT))
