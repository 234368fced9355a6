"""What the reasons that rest on a reading of tone have in common: the measured score, and evidence that adds up.

While a need stands, further signs find no other. Where there is notably more of it, the need is found once more, with
what was found before: whoever is asked learns of it, and nobody else is.
"""

from __future__ import annotations

import math
from typing import Final

from msgspec.structs import replace

from services.triage.needs import Circumstances, NeedFound
from services.triage.tone.signs import Sign
from services.triage.tone_facts import NoteSign
from shared.contracts.needs_touch import Evidence, NeedsTouch, Scalar, TouchReason

_EVIDENCE: Final = 8
_SURER: Final = 1.0
"""By so much in the log-odds a sign is notably surer than what was told: seven times at most."""

SUREST: Final = 0.999
"""A score counts as no surer than this: the log-odds of certainty have no end."""


def places(sign: Sign) -> str:
    """Return the places in the text, each from a character to the one before another: ``5-12 20-31``."""
    return " ".join(f"{start}-{end}" for start, end in sign.spans)


def measured(command: NoteSign) -> tuple[Circumstances, dict[str, Scalar], float]:
    """Return the circumstances with the threshold, what was measured, and how much stronger it is than that."""
    values: dict[str, Scalar] = {
        command.sign.kind: command.score,
        "found_at": places(command.sign),
        "reader": command.reader,
    }
    if command.shown_from is None:
        return command.seen, values, 1.0
    thresholds = {**command.seen.thresholds, command.sign.kind: command.shown_from}
    return replace(command.seen, thresholds=thresholds), values, _times(command.score, command.shown_from)


def evidence_with(known: TouchReason | NeedsTouch | None, *evidence: Evidence) -> tuple[Evidence, ...]:
    """Return ``evidence`` after that of the need that stands already: its first, and the newest."""
    joined = known.evidence if known is not None else ()
    for one in evidence:
        if one not in joined:
            joined = (*joined[:1], *joined[1:][-(_EVIDENCE - 2) :], one)
    return joined


def may_join(command: NoteSign, known: TouchReason) -> bool:
    """Tell whether the sign may add to the need that stands: only what would have been shown when that was found."""
    shown_from = known.thresholds.get(command.sign.kind)
    shown = isinstance(shown_from, int | float) and command.score >= shown_from
    return shown and command.adds and command.evidence not in known.evidence


def is_surer(command: NoteSign, known: TouchReason) -> bool:
    """Tell whether the sign is notably surer than the surest that was told."""
    return _log_odds(command.score) >= _log_odds(_told(known, command.sign.kind)) + _SURER


def doublings(count: int) -> int:
    """Return how often one has to be doubled to come to ``count``, at most."""
    return max(count, 1).bit_length() - 1


def grown(
    known: TouchReason, command: NoteSign, evidence: tuple[Evidence, ...], values: dict[str, Scalar], strength: float
) -> NeedFound:
    """Return the need that stands with what has come to it: it stays about whom it was, and by its threshold.

    What it measures never falls by that, so that it is told a few times at most.
    """
    _, measures, _ = measured(command)
    kind = command.sign.kind
    return NeedFound(
        need=replace(
            known,
            at=command.seen.at,
            evidence=evidence,
            values={**known.values, **measures, kind: max(command.score, _told(known, kind)), **values},
            strength=max(strength, known.strength),
        )
    )


def over_threshold(command: NoteSign, known: TouchReason) -> float:
    """Return how much stronger the sign is than what was shown when the need was found."""
    shown_from = known.thresholds.get(command.sign.kind)
    return _times(command.score, shown_from) if isinstance(shown_from, int | float) and shown_from else 1.0


def _times(score: float, shown_from: float) -> float:
    return round(max(score / shown_from, 1.0), 2)


def _told(known: TouchReason, kind: str) -> float:
    score = known.values.get(kind, 0.0)
    return float(score) if isinstance(score, int | float) else 0.0


def _log_odds(score: float) -> float:
    bounded = min(max(score, 1 - SUREST), SUREST)
    return math.log(bounded / (1 - bounded))
