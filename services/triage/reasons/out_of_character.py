"""``out-of-character``: somebody is not as they usually are, in more than one way, on several days in a row.

A member is compared with nobody but themselves: how much they write, when, on how many days, and how it sounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from math import prod
from statistics import mean, median
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.rhythm import day_of
from services.triage.tone_facts import DayNoted, NoteDay
from shared.contracts.names import Reason
from shared.contracts.needs_touch import Scalar

OUT_OF_CHARACTER: Final[Reason] = "out-of-character"
DAYS_KEPT: Final = 32
_RECENT: Final = 3
_USUAL: Final = 15
"""Days before the recent ones that tell what is usual: with fewer, nothing is."""

_WAYS: Final = 2
"""In so many ways at least the recent days must differ, each of them alike."""

_TIMES: Final = 4.0
_FEW_WORDS: Final = 5
"""So many more or less are no matter."""

_HOURS_AWAY: Final = 3.0
_WELL, _ILL = 0.1, 0.3
"""Signs of ill humour in what is usual, and in each of the recent days."""

_HELD_AGAINST: Final[dict[str, Scalar]] = {
    "ways": _WAYS,
    "days_in_a_row": _RECENT,
    "usual_days": _USUAL,
    "times_usual": _TIMES,
    "hours_away": _HOURS_AWAY,
    "ill_humour": _ILL,
    "usual_ill_humour": _WELL,
}
_DIFFERENCE: Final = f"one of the last {_RECENT} days as usual"


class Change(Struct, frozen=True, kw_only=True, gc=False):
    """How a member differs from themselves: how surely, from 0 to 1, and by what measures, now and usually."""

    score: float
    values: dict[str, Scalar]
    usual: dict[str, Scalar]


def with_day(days: tuple[DayNoted, ...], noted: DayNoted) -> tuple[DayNoted, ...]:
    """Return the newest days with ``noted``, in order; of a day the one that was written first, whenever it arrives."""
    same = next((one for one in days if day_of(one.evidence.time) == day_of(noted.evidence.time)), None)
    if same is not None and _written(same) <= _written(noted):
        return days
    return tuple(sorted((*(one for one in days if one is not same), noted), key=_written))[-DAYS_KEPT:]


def change(days: Sequence[DayNoted]) -> Change | None:
    """Return how the last of ``days`` differ from those before; None where they do not, or too little is known."""
    before, recent = days[:-_RECENT], days[-_RECENT:]
    if len(before) < _USUAL:
        return None
    usual_gaps, gaps = _gaps(before), _gaps((before[-1], *recent))
    words, gap = median(one.words for one in before), median(usual_gaps)
    ill = mean(one.ill for one in before)
    away = min(min(_apart(_hour(one), _hour(other)) for other in before) for one in recent)
    strengths = {
        "length": _times([one.words + _FEW_WORDS for one in recent], words + _FEW_WORDS),
        "rhythm": _times(gaps, gap),
        "hours": away / 12 if away >= _HOURS_AWAY else 0.0,
        "tone": min(one.ill for one in recent) if ill <= _WELL and min(one.ill for one in recent) >= _ILL else 0.0,
    }
    differs = {name: strength for name, strength in strengths.items() if strength > 0}
    if len(differs) < _WAYS:
        return None
    score = round(1 - prod(1 - strength for strength in differs.values()), 3)
    return Change(
        score=score,
        values={
            "change": score,
            "differs_in": ", ".join(differs),
            "words": median(one.words for one in recent),
            "days_between": median(gaps),
            "hours_away": round(away, 1),
            "ill_humour": round(mean(one.ill for one in recent), 2),
        },
        usual={"words": words, "days_between": gap, "ill_humour": round(ill, 2)},
    )


def found(command: NoteDay, state: HoldsNeeds, days: Sequence[DayNoted]) -> tuple[NeedFound, ...]:
    """Return the need that the member's ``days`` tell of, if the community's budget shows it."""
    differs = change(days)
    if differs is None or command.shown_from is None or standing_for(state, OUT_OF_CHARACTER) is not None:
        return ()
    thresholds = {**command.seen.thresholds, "change": command.shown_from, **_HELD_AGAINST}
    need = raised(
        replace(command.seen, thresholds=thresholds),
        OUT_OF_CHARACTER,
        command.member,
        tuple(one.evidence for one in days[-_RECENT:]),
        differs.values,
        strength=round(max(differs.score / command.shown_from, 1.0), 2),
        baseline=differs.usual,
        difference=_DIFFERENCE,
    )
    return (need,)


def _written(noted: DayNoted) -> tuple[datetime, str]:
    return (noted.evidence.time, noted.evidence.event)


def _times(measured: Sequence[float], usual: float) -> float:
    """Return how far all of ``measured`` are beyond so many times the usual, or below a part of it, from 0 to 1."""
    least = max(min(measured) / usual, usual / max(measured))
    return 1 - (_TIMES - 1) / least if least >= _TIMES else 0.0


def _gaps(days: Sequence[DayNoted]) -> list[int]:
    return [day_of(later.evidence.time) - day_of(earlier.evidence.time) for earlier, later in pairwise(days)]


def _hour(noted: DayNoted) -> float:
    time = noted.evidence.time
    return time.hour + time.minute / 60


def _apart(one: float, other: float) -> float:
    around = abs(one - other)
    return min(around, 24 - around)
