"""``moderated``: somebody was moderated, and no person has explained it since."""

from __future__ import annotations

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, a_word_in_time, turned_to
from shared.contracts.policy_rules import ModeratedRule


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against explaining it."""
    rule: ModeratedRule = look.rule
    action = occasion.values["action"]
    return Judgement(
        against={
            "not one of the actions": bool(rule.actions) and action not in rule.actions,
            "not there often enough": len(state.active_days) < rule.min_active_days,
            "the team turned to them": turned_to(state, occasion.evidence.time),
        },
        values={"action": action, "active_days": len(state.active_days)},
        difference=a_word_in_time(look, occasion),
    )
