"""A source's rhythm, learned from its own gaps: how long it may be quiet before that is strange. Pure."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import accumulate
from typing import Final

HOUR: Final = 3600.0
DAY: Final = 24 * HOUR
LEAST_SECONDS: Final = HOUR
FACTOR: Final = 2.0
SHARE: Final = 0.95
LEARNED_SECONDS: Final = 7 * DAY
"""A whole week between the first word and the last, so that its nights and its weekend are known."""
LEARNED_GAPS: Final = 10.0
HALF_LIFE_SECONDS: Final = 28 * DAY
LAPSE_SECONDS: Final = 30 * DAY
_SMALLEST: Final = 60.0
_STEP: Final = 1.25
SIZES: Final = tuple(_SMALLEST * _STEP**n for n in range(50))
"""Gaps are told apart by size, in seconds up to about six weeks: a source takes as many numbers, however old it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """What is known of one source, all in seconds during which it was really watched.

    ``spent`` is the time that it spent in gaps of each of ``SIZES``, older time counting less.
    """

    watched: float = 0.0
    quiet: float = 0.0
    gaps: float = 0.0
    spent: tuple[float, ...] = (0.0,) * len(SIZES)


def watch(rhythm: Rhythm, seconds: float, *, heard: bool) -> Rhythm:
    """Return the rhythm after ``seconds`` more of watching, in which the source was heard or not."""
    rhythm = replace(rhythm, watched=rhythm.watched + seconds, quiet=rhythm.quiet + seconds)
    return _heard(rhythm) if heard else rhythm


def limit(rhythm: Rhythm) -> float | None:
    """Return how many seconds of quiet are too many; None while too little is known.

    Twice the gap within which the source spends 95 % of its time, at least an hour: weighed by time, a night counts
    for what it is, though by number the gaps of a busy day are far more.
    """
    total = sum(rhythm.spent)
    if rhythm.watched - rhythm.quiet < LEARNED_SECONDS or rhythm.gaps < LEARNED_GAPS or total <= 0:
        return None
    place = next(n for n, spent in enumerate(accumulate(rhythm.spent)) if spent >= SHARE * total)
    return max(LEAST_SECONDS, FACTOR * SIZES[place])


def too_quiet(rhythm: Rhythm) -> bool:
    """Tell whether the source has been quiet beyond its rhythm."""
    bound = limit(rhythm)
    return bound is not None and rhythm.quiet > bound


def lapsed(rhythm: Rhythm) -> bool:
    """Tell whether the source has been quiet for so long that it counts as ended."""
    return rhythm.quiet > LAPSE_SECONDS


def in_words(rhythm: Rhythm) -> str:
    """Return how long the source has been quiet, and what is usual."""
    usual = limit(rhythm) or 0.0
    return f"quiet for {_span(rhythm.quiet)}, more than the {_span(usual)} that its rhythm explains"


def _heard(rhythm: Rhythm) -> Rhythm:
    # An outage counts for no more than its alarm took, lest it dull the next one; a slower rhythm is learned in steps.
    gap = min(rhythm.quiet, limit(rhythm) or rhythm.quiet)
    place = min(bisect_left(SIZES, gap), len(SIZES) - 1)
    fade = 0.5 ** (gap / HALF_LIFE_SECONDS)
    spent = tuple(seconds * fade + (gap if n == place else 0.0) for n, seconds in enumerate(rhythm.spent))
    return replace(rhythm, quiet=0.0, gaps=rhythm.gaps + 1, spent=spent)


def _span(seconds: float) -> str:
    hours = timedelta(seconds=seconds) / timedelta(hours=1)
    return f"{hours / 24:.1f} days" if hours >= 48 else f"{hours:.1f} hours"
