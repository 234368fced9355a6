"""What the reasons that rest on a reading of tone have in common: the measured score, and evidence that adds up."""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from services.triage.needs import Circumstances
from services.triage.tone_facts import NoteSign
from shared.contracts.needs_touch import Evidence, NeedsTouch, Scalar, TouchReason

_EVIDENCE: Final = 8


def measured(command: NoteSign) -> tuple[Circumstances, dict[str, Scalar], float]:
    """Return the circumstances with the threshold, what was measured, and how much stronger it is than that.

    ``found_at`` names the places in the text, each from a character to the one before another: ``5-12 20-31``.
    """
    values: dict[str, Scalar] = {
        command.sign.kind: command.score,
        "found_at": " ".join(f"{start}-{end}" for start, end in command.sign.spans),
        "reader": command.reader,
    }
    if command.shown_from is None:
        return command.seen, values, 1.0
    thresholds = {**command.seen.thresholds, command.sign.kind: command.shown_from}
    return replace(command.seen, thresholds=thresholds), values, round(max(command.score / command.shown_from, 1.0), 2)


def evidence_with(known: TouchReason | NeedsTouch | None, evidence: Evidence) -> tuple[Evidence, ...]:
    """Return ``evidence`` after that of the need that stands already: its first, and the newest."""
    before = known.evidence if known is not None else ()
    if evidence in before:
        return before
    return (*before[:1], *before[1:][-(_EVIDENCE - 2) :], evidence)
