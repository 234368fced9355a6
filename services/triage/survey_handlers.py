"""What an answer to a survey gives cause to look at: its score, or where tone is read a comment that contradicts it."""

from __future__ import annotations

from services.triage.member_facts import NoteSurvey, SurveyAnswer
from services.triage.occasion_handlers import note
from services.triage.reasons.low_survey import LOW_SURVEY, contradiction, noted
from services.triage.showing import shown_from
from services.triage.signs_in_texts import signs_read
from services.triage.situation import Situation
from services.triage.tone.signs import Sign
from shared.contracts.needs_touch import Scalar
from shared.contracts.policy_rules import LowSurveyRule


def note_survey(now: Situation) -> None:
    """A low score asks for somebody to ask back, and so does a comment that contradicts a better one."""
    rule, data = now.reading.arming.low_survey, now.data
    segment = now.reading.segments.of(now.work.state(now.stream), now.stored)
    own = now.reading.rules_in(segment).low_survey
    low = own.enabled and data.score <= own.at_most
    sign = contradiction(signs_read(now)) if own.enabled and not low else None
    answer = SurveyAnswer(survey=data.survey, score=data.score, evidence=now.evidence)
    is_newest = bool(now.decide(now.stream, NoteSurvey(answer=answer, low=low or sign is not None)))
    values = _shown(now, own, segment, sign) if sign is not None and is_newest else {}
    if values or (rule.enabled and data.score <= rule.at_most):
        note(now, LOW_SURVEY, rule, now.evidence, **values)


def _shown(now: Situation, rule: LowSurveyRule, segment: str, sign: Sign) -> dict[str, Scalar]:
    """Return the sign as it is noted with the answer, where it is shown."""
    least = shown_from(
        now,
        "contradiction",
        LOW_SURVEY,
        about=now.stream,
        member=now.member,
        segment=segment,
        score=sign.score,
        per_thousand=rule.alerts_per_thousand,
    )
    return noted(sign, least, rule, now.readings.version) if least is not None else {}
