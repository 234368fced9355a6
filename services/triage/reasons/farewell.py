"""``farewell``: somebody who came often has left, or cancelled."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, a_word_in_time, days_between, turned_to
from shared.contracts.policy_rules import FarewellRule

_AT_ONCE: Final = timedelta(days=1)
"""Who is moderated and leaves within that time did not go by themselves."""


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word of farewell."""
    rule: FarewellRule = look.rule
    moderated = state.occasion("moderated")
    moderated_at = moderated.evidence.time if moderated is not None else state.occasions.looked_at.get("moderated")
    return Judgement(
        against={
            "there again": not state.gone,
            "they were moderated": moderated_at is not None and abs(occasion.evidence.time - moderated_at) < _AT_ONCE,
            "not there often enough": len(state.active_days) < rule.min_active_days,
            "the team turned to them": turned_to(state, occasion.evidence.time),
        },
        values={
            **occasion.values,
            "active_days": len(state.active_days),
            "member_for_days": days_between(state.first.time, occasion.evidence.time) if state.first else 0,
        },
        difference=a_word_in_time(look, occasion),
    )
