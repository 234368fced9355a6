"""What a reading says in the end: the signs that somebody may be needed, as plain values that a fact can hold."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct

from services.triage.tone.reading import Reading
from services.triage.tone.word_lists import Span

SignKind = Literal["distress", "hostility", "frustration", "gratitude"]
AlertKind = Literal[SignKind, "change", "contradiction"]
"""What takes of an alert budget: a sign in a text, a member who is not as usual, a comment at odds with its score."""
_SPANS: Final = 8
_DIGITS: Final = 3
"""Rounded, a score is the same on every machine."""


class Sign(Struct, frozen=True, kw_only=True, gc=False):
    """One sign: how strong, from 0 to 1, and the places in the text that show it. A crisis has no measure but 1."""

    kind: SignKind
    score: float
    crisis: bool = False
    spans: tuple[tuple[int, int], ...] = ()


def signs_in(reading: Reading) -> tuple[Sign, ...]:
    """Return the signs in what was read; none of most texts."""
    scores: dict[SignKind, float] = {
        "distress": 1.0 if reading.crisis else reading.distress,
        "hostility": reading.hostility,
        "frustration": reading.frustration,
        "gratitude": reading.gratitude,
    }
    return tuple(
        Sign(
            kind=kind,
            score=rounded,
            crisis=kind == "distress" and reading.crisis,
            spans=tuple((span.start, span.end) for span in _shown(reading, kind))[:_SPANS],
        )
        for kind, score in scores.items()
        if (rounded := round(score, _DIGITS)) > 0
    )


def _shown(reading: Reading, kind: SignKind) -> tuple[Span, ...]:
    """Return what of the text shows the sign."""
    match kind:
        case "distress":
            return reading.signs_of_distress
        case "hostility":
            return reading.found("insult")
        case "frustration":
            return reading.signs_of_frustration
        case "gratitude":
            return reading.found("thanks")
