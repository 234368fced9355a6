"""``distress``: somebody writes of themselves as of one who is not well.

Crisis wording is always shown, at once and outside of every budget, however often it comes; all else where the
community's budget shows it. Who is asked already learns of a second message, and of what is notably surer.
"""

from __future__ import annotations

from typing import Final

from services.triage.difference import fainter
from services.triage.needs import HoldsNeeds, NeedFound, is_crisis, raised, standing_for
from services.triage.reasons.signs import evidence_with, grown, is_surer, may_join, measured, over_threshold
from services.triage.tone_facts import NoteSign
from shared.contracts.needs_touch import TouchReason

DISTRESS: Final = "distress"
_ALWAYS: Final = "a text without crisis wording: such wording is always shown"


def found(command: NoteSign, state: HoldsNeeds) -> tuple[NeedFound, ...]:
    """Return the need that the sign tells of, if any."""
    known = standing_for(state, DISTRESS)
    crisis = command.sign.crisis
    if isinstance(known, TouchReason) and not crisis:
        return _more(command, known)
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
            difference=_ALWAYS if command.shown_from is None else fainter(command.shown_from),
        ),
    )


def _more(command: NoteSign, known: TouchReason) -> tuple[NeedFound, ...]:
    second = len(known.evidence) == 1 and known.evidence[0] not in command.instead_of
    if is_crisis(known) or not (may_join(command, known) and (second or is_surer(command, known))):
        return ()
    evidence = evidence_with(known, command.evidence)
    return (grown(known, command, evidence, {}, over_threshold(command, known)),)
