"""An alert budget: from which score on a community's messages are shown, so that no more than its share of them is.

What a community is used to differs, and so do its scores. Kept of them is how many fell into each of some steps, which
is small, holds no text and names nobody. Crisis wording stands outside of this: it is always shown.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

START: Final = 0.8
"""The least score that is shown of a community that too little is known of."""

STEPS: Final = 96
_STEPS_PER_LOGIT: Final = 6
FEW: Final = 3
"""Alerts that the messages so far must allow before the community's own scores are gone by."""


def step_of(score: float) -> int:
    """Return the step that ``score``, more than 0 and up to 1, falls into."""
    logit = math.log(score / (1 - score)) if score < 1 else math.inf
    return int(min(max((logit * _STEPS_PER_LOGIT) + STEPS / 2, 0), STEPS - 1))


def least_step(counts: Sequence[int], allowed: float, stricter: int = 0) -> int:
    """Return the first step that is shown, so that of the scores in ``counts`` no more than ``allowed`` are.

    Where all are, it is the lowest step there was a score at. ``stricter`` is by how many steps people's judgement of
    earlier alerts moves it. From ``STEPS`` on nothing is shown. Before there were messages enough for a few alerts
    nothing below ``START`` is.
    """
    least = STEPS
    above = 0
    lowest = next((step for step, count in enumerate(counts) if count), STEPS - 1)
    while least > lowest and above + counts[least - 1] <= allowed:
        least -= 1
        above += counts[least]
    if allowed < FEW:
        least = max(least, step_of(START))
    return least + stricter


def score_of(step: int) -> float:
    """Return the least score at ``step``."""
    return 1 / (1 + math.exp(-(step - STEPS / 2) / _STEPS_PER_LOGIT))
