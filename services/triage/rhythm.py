"""A member's own rhythm: on which days they were there, and which silence is long for them.

Days are those of UTC, by number, in ascending order; the newest ``DAYS_KEPT`` are kept, so that whatever order events
arrive in, and however often, the same days are known. Where ``heard`` is given, those on which anybody was heard of,
only they count: when a source tells nothing, nobody is silent. Before the first of them every day counts.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from math import ceil
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

DAYS_KEPT: Final = 32
HEARD_KEPT: Final = 366
"""So many days are kept on which anybody of a platform was heard of."""

GAPS_OF_ONES_OWN: Final = 8
"""So many gaps tell a rhythm; while fewer are known, assumed ones stand for the rest."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_USUAL: Final = 0.9
"""The part of a member's gaps that are no longer than the usual one: a holiday among many days changes nothing."""

Days = tuple[int, ...]


class Patience(Struct, frozen=True, kw_only=True, gc=False):
    """Which silence is long: ``times_usual_gap`` as long as the member's gaps usually are, but not below a floor.

    All but the factor in days. ``assumed_gap`` is the gap of somebody of whom little is known.
    """

    min_active_days: int
    times_usual_gap: float
    at_least: float
    assumed_gap: float


def day_of(time: datetime) -> int:
    """Return the number of the day in which ``time`` lies."""
    return (time - _EPOCH).days


def start_of(day: int) -> datetime:
    """Return when the day of that number begins."""
    return _EPOCH + timedelta(days=day)


def is_news(days: Days, day: int, kept: int = DAYS_KEPT) -> bool:
    """Tell whether being there on ``day`` changes what is known."""
    if not days or day > days[-1]:
        return True
    if day == days[-1]:
        return False
    return days[bisect_left(days, day)] != day and (len(days) < kept or day > days[0])


def with_day(days: Days, day: int, kept: int = DAYS_KEPT) -> Days:
    """Return the days with ``day``, which ``is_news``."""
    at = bisect_left(days, day)
    return (*days[:at], day, *days[at:])[-kept:]


def _counted(earlier: int, later: int, heard: Days) -> int:
    """Return how many days after ``earlier``, up to ``later``, count."""
    if not heard or later < heard[0]:
        return later - earlier
    untold = max(heard[0] - earlier - 1, 0)
    return untold + bisect_right(heard, later) - bisect_right(heard, earlier)


def usual_gap(days: Sequence[int], assumed: float, heard: Days = ()) -> float:
    """Return how many days usually pass from one active day to the next."""
    gaps: list[float] = [_counted(earlier, later, heard) for earlier, later in pairwise(days)]
    gaps += [assumed] * (GAPS_OF_ONES_OWN - len(gaps))
    return sorted(gaps)[ceil(_USUAL * len(gaps)) - 1]


def long_silence(days: Sequence[int], patience: Patience, heard: Days = ()) -> int:
    """Return after how many days without them a member who was there on ``days`` has been away for long."""
    usual = usual_gap(days, patience.assumed_gap, heard)
    return ceil(max(patience.at_least, patience.times_usual_gap * usual))


def may_fall_silent(days: Days, patience: Patience, heard: Days = ()) -> datetime | None:
    """Return when the silence after the last of ``days`` is long at the earliest: if somebody is heard of every day.

    None for who was not there often enough to miss. As more of ``heard`` comes to light it only gets later.
    """
    if len(days) < patience.min_active_days:
        return None
    return start_of(days[-1] + long_silence(days, patience, heard) + 1)


def falls_silent(days: Days, patience: Patience, heard: Days, at: datetime) -> datetime | None:
    """Return when the silence after the last of ``days`` is long, as of ``at``; None as in ``may_fall_silent``.

    Where it is not long yet, that is when it may be.
    """
    earliest = may_fall_silent(days, patience, heard)
    if earliest is None or not heard:
        return earliest
    long = day_of(earliest) - days[-1] - 1
    untold = max(heard[0] - days[-1] - 1, 0)
    if long <= untold:
        return earliest
    reached = bisect_right(heard, days[-1]) + long - untold - 1
    if reached < len(heard):
        return start_of(heard[reached] + 1)
    yesterday = max(heard[-1], day_of(at) - 1)
    return start_of(yesterday + reached - len(heard) + 2)


def longest_unheard(since: int, until: int, heard: Days) -> int:
    """Return the most days in a row, after ``since`` and before ``until``, on which nobody was heard of."""
    if not heard:
        return 0
    known = (max(since, heard[0]), *heard[bisect_right(heard, since) : bisect_left(heard, until)], until)
    return max(later - earlier - 1 for earlier, later in pairwise(known))


def may_have_returned_on(days: Days, patience: Patience, missed: int | None) -> int | None:
    """Return the newest day that ``returned_on`` may tell, whatever comes to light of the days that count."""
    return returned_on(days, replace(patience, times_usual_gap=0), missed, ())


def returned_on(days: Days, patience: Patience, missed: int | None, heard: Days) -> int | None:
    """Return the newest day on which the member was there again after a long silence; None where there is none.

    The silence after the day ``missed`` counts as long whatever its length.
    """
    for at in range(len(days) - 1, max(patience.min_active_days, 1) - 1, -1):
        before, day = days[at - 1], days[at]
        silent = _counted(before, day, heard)
        if before == missed or (silent > patience.at_least and silent > long_silence(days[:at], patience, heard)):
            return day
    return None
