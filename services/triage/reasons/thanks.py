"""``thanks``: somebody thanked a peer or the team at some length, and that deserves a word."""

from __future__ import annotations

from typing import Final

from services.triage.difference import fainter
from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.reasons.signs import measured
from services.triage.tone_facts import NoteSign

THANKS: Final = "thanks"


def found(command: NoteSign, state: HoldsNeeds) -> tuple[NeedFound, ...]:
    """Return the need that the sign tells of, if any: of whoever was thanked, or else of who thanks."""
    if command.shown_from is None or standing_for(state, THANKS) is not None:
        return ()
    seen, values, strength = measured(command)
    need = raised(
        seen,
        THANKS,
        command.member,
        (command.evidence,),
        values,
        conversation=command.conversation,
        strength=strength,
        difference=fainter(command.shown_from),
    )
    return (need,)
