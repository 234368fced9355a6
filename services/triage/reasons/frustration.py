"""``frustration``: somebody is at the end of their patience; the more surely, the more often they say so.

Who is asked already learns of it when it was said twice as often, or is notably surer.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec.structs import replace

from services.triage.difference import fainter
from services.triage.needs import HoldsNeeds, NeedFound, raised, standing_for
from services.triage.reasons.signs import (
    doublings,
    evidence_with,
    grown,
    is_surer,
    may_join,
    measured,
    over_threshold,
)
from services.triage.tone_facts import FrustrationHeard, NoteSign
from shared.contracts.needs_touch import TouchReason

FRUSTRATION: Final = "frustration"

_LONE: Final = 0.5
"""What one expression scores where the model hears no ill humour: most often a sigh, and over a thing."""


def others(heard: Sequence[FrustrationHeard], said: NoteSign | FrustrationHeard) -> list[FrustrationHeard]:
    """Return what was heard in other messages than in the one that ``said`` is of."""
    same = {one.event for one in (said.evidence, *said.instead_of)}
    return [one for one in heard if one.evidence.event not in same]


def strength(heard: Sequence[FrustrationHeard], command: NoteSign) -> float:
    """Return how surely the member is frustrated, by this sign and those of others of their messages shortly before."""
    doubt = 1 - command.sign.score
    for one in others(heard, command):
        if abs(command.evidence.time - one.evidence.time) <= command.within:
            doubt *= 1 - one.score
    return round(1 - doubt, 3)


def is_borne_out(strength: float) -> bool:
    """Tell whether there is more than a lone sigh: another beside it or shortly before, or what the model hears."""
    return strength > _LONE


def found(
    command: NoteSign, heard: Sequence[FrustrationHeard], state: HoldsNeeds
) -> tuple[FrustrationHeard | NeedFound, ...]:
    """Return that it was heard, and the need that it tells of, if any."""
    noted = FrustrationHeard(evidence=command.evidence, score=command.sign.score, instead_of=command.instead_of)
    known = standing_for(state, FRUSTRATION)
    since = command.evidence.time - command.within
    earlier = [one.evidence for one in others(heard, command) if one.evidence.time >= since]
    if isinstance(known, TouchReason):
        return (noted, *_more(command, len(earlier) + 1, known))
    if command.shown_from is None or known is not None:
        return (noted,)
    seen, values, more = measured(command)
    need = raised(
        replace(seen, thresholds={**seen.thresholds, "borne_out_above": _LONE}),
        FRUSTRATION,
        command.member,
        (*earlier, command.evidence),
        {**values, "messages": len(earlier) + 1},
        conversation=command.conversation,
        strength=more,
        difference=fainter(max(command.shown_from, _LONE)),
    )
    return (noted, need)


def _more(command: NoteSign, messages: int, known: TouchReason) -> tuple[NeedFound, ...]:
    told = known.values.get("messages", 1)
    oftener = isinstance(told, int) and doublings(messages) > doublings(told)
    if not (may_join(command, known) and (oftener or is_surer(command, known))):
        return ()
    most = max(messages, told) if isinstance(told, int) else messages
    evidence = evidence_with(known, command.evidence)
    return (grown(known, command, evidence, {"messages": most}, over_threshold(command, known)),)
