"""``low-survey``: a member's newest answer to a survey is a low score."""

from __future__ import annotations

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, a_word_in_time, turned_to
from shared.contracts.policy_rules import LowSurveyRule


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against asking the member what is amiss."""
    rule: LowSurveyRule = look.rule
    answer = state.surveyed
    return Judgement(
        against={
            "a later answer": answer is None or answer.evidence != occasion.evidence,
            "not low": answer is not None and answer.score > rule.at_most,
            "the team turned to them": turned_to(state, occasion.evidence.time),
        },
        values={"score": answer.score, "survey": answer.survey} if answer is not None else {},
        difference=f"a score above {rule.at_most}, or {a_word_in_time(look, occasion)}",
    )
