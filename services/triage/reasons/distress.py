"""``distress``: somebody writes of themselves as of one who is not well.

Crisis wording is always shown, at once and outside of every budget, however often it comes; all else where the
community's budget shows it, and once while somebody is asked already.
"""

from __future__ import annotations

from typing import Final

from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.reasons.signs import evidence_with, measured
from services.triage.tone_facts import NoteSign

DISTRESS: Final = "distress"


def found(command: NoteSign, state: HoldsNeeds) -> tuple[NeedFound, ...]:
    """Return the need that the sign tells of, if any."""
    known = standing_for(state, DISTRESS)
    crisis = command.sign.crisis
    if not crisis and (known is not None or command.shown_from is None):
        return ()
    seen, values, strength = measured(command)
    return (
        raised(
            seen,
            DISTRESS,
            command.member,
            evidence_with(known, command.evidence),
            {**values, "crisis": crisis},
            conversation=command.conversation,
            urgency="urgent" if crisis else "soon",
            strength=strength,
        ),
    )
