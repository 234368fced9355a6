"""``frustration``: somebody is at the end of their patience; the more surely, the more often they say so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.reasons.signs import measured
from services.triage.tone_facts import FrustrationHeard, NoteSign
from shared.contracts.needs_touch import Evidence

FRUSTRATION: Final = "frustration"

_LONE: Final = 0.5
"""What one expression scores where the model hears no ill humour: most often a sigh, and over a thing."""


def strength(heard: Sequence[FrustrationHeard], evidence: Evidence, score: float, within: timedelta) -> float:
    """Return how surely the member is frustrated, by this sign and those of others of their messages shortly before."""
    doubt = 1 - score
    for one in heard:
        if one.evidence.event != evidence.event and abs(evidence.time - one.evidence.time) <= within:
            doubt *= 1 - one.score
    return round(1 - doubt, 3)


def is_borne_out(strength: float) -> bool:
    """Tell whether there is more than a lone sigh: another beside it or shortly before, or what the model hears."""
    return strength > _LONE


def found(
    command: NoteSign, heard: Sequence[FrustrationHeard], state: HoldsNeeds
) -> tuple[FrustrationHeard | NeedFound, ...]:
    """Return that it was heard, and the need that it tells of, if any."""
    noted = FrustrationHeard(evidence=command.evidence, score=command.sign.score)
    if command.shown_from is None or standing_for(state, FRUSTRATION) is not None:
        return (noted,)
    earlier = [one.evidence for one in heard if command.evidence.time - one.evidence.time <= command.within]
    seen, values, more = measured(command)
    need = raised(
        seen,
        FRUSTRATION,
        command.member,
        (*(one for one in earlier if one.event != command.evidence.event), command.evidence),
        {**values, "messages": len(earlier) + 1},
        conversation=command.conversation,
        strength=more,
    )
    return (noted, need)
