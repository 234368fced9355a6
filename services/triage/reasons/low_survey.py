"""``low-survey``: a member's newest answer to a survey is a low score, or its comment contradicts a better one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.frustration import is_borne_out
from services.triage.reasons.judgement import Judgement, LookAtOccasion, a_word_in_time, turned_to
from services.triage.reasons.signs import places
from services.triage.tone.signs import Sign
from shared.contracts.names import Reason
from shared.contracts.needs_touch import CONTRADICTED_BY, Scalar
from shared.contracts.policy_rules import LowSurveyRule

LOW_SURVEY: Final[Reason] = "low-survey"
_LEAST: Final = "shown_from"
_PER_THOUSAND: Final = "alerts_per_thousand"
_THRESHOLDS: Final = (_LEAST, _PER_THOUSAND)


def contradiction(signs: Sequence[Sign]) -> Sign | None:
    """Return the strongest sign in a comment that a good score does not go with.

    A lone sigh is none; nor is crisis wording, which asks for somebody at once, whatever the score.
    """
    return max(filter(_contradicts, signs), key=lambda sign: sign.score, default=None)


def _contradicts(sign: Sign) -> bool:
    match sign.kind:
        case "gratitude":
            return False
        case "frustration":
            return is_borne_out(sign.score)
        case _:
            return not sign.crisis


def noted(sign: Sign, shown_from: float, rule: LowSurveyRule, reader: str) -> dict[str, Scalar]:
    """Return the sign as it is noted with the answer; ``shown_from`` is the least that the budget showed."""
    return {
        CONTRADICTED_BY: sign.kind,
        sign.kind: sign.score,
        "found_at": places(sign),
        "reader": reader,
        _LEAST: shown_from,
        _PER_THOUSAND: rule.alerts_per_thousand,
    }


def is_contradicted(values: Mapping[str, Scalar]) -> bool:
    """Tell whether an answer that tells ``values``, or a need that does, rests on its comment."""
    return CONTRADICTED_BY in values


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against asking the member what is amiss."""
    rule: LowSurveyRule = look.rule
    answer, read = state.surveyed, occasion.values
    high = answer is not None and answer.score > rule.at_most
    by_comment = high and is_contradicted(read)
    values: dict[str, Scalar] = {"score": answer.score, "survey": answer.survey} if answer is not None else {}
    thresholds: dict[str, Scalar] = {}
    if by_comment:
        values |= {name: value for name, value in read.items() if name not in _THRESHOLDS}
        thresholds = {str(read[CONTRADICTED_BY]): read[_LEAST], _PER_THOUSAND: read[_PER_THOUSAND]}
    otherwise = "a fainter sign in the comment" if by_comment else f"a score above {rule.at_most}"
    return Judgement(
        against={
            "a later answer": answer is None or answer.evidence != occasion.evidence,
            "not low": high and not by_comment,
            "opted out of the reading of tone": by_comment and look.unread,
            "the team turned to them": turned_to(state, occasion.evidence.time),
        },
        values=values,
        thresholds=thresholds,
        difference=f"{otherwise}, or {a_word_in_time(look, occasion)}",
    )
