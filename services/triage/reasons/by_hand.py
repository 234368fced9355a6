"""``by-hand``: somebody of the team asks that a human turns to a member. Only whoever takes it on settles it."""

from __future__ import annotations

from typing import Final

from services.triage.member_facts import AskByHand
from services.triage.member_state import MemberState
from services.triage.needs import NeedFound, raised, standing_for
from shared.contracts.names import Reason, Urgency

BY_HAND: Final[Reason] = "by-hand"
CARE_LOAD: Final = 3
"""What it will take is known to nobody: a medium load."""

_GRAVEST_FIRST: Final[tuple[Urgency, ...]] = ("urgent", "soon", "routine")


def ask(command: AskByHand, state: MemberState) -> tuple[NeedFound]:
    """Return the need: what a person asks for is not weighed. Asked for again, it rests on all that was said."""
    known = standing_for(state, BY_HAND)
    earlier = known.evidence if known is not None else ()
    urgencies = {command.urgency, known.urgency if known is not None else command.urgency}
    need = raised(
        command.seen,
        BY_HAND,
        command.member,
        (*earlier, command.evidence),
        {},
        conversation=command.conversation or (known.conversation if known is not None else None),
        urgency=next(urgency for urgency in _GRAVEST_FIRST if urgency in urgencies),
        difference="nothing: a person asked for it",
    )
    return (need,)
