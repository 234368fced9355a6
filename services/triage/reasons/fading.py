"""``fading``: a member who came often enough is silent for longer than their own rhythm tells."""

from __future__ import annotations

from datetime import datetime

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, days_between, turned_to
from services.triage.rhythm import Days, Patience, falls_silent, usual_gap
from shared.contracts.policy_rules import FadingRule


def due(days: Days, rule: FadingRule) -> datetime | None:
    """Return when a member who was there on ``days`` and not since is missed; None for who is not missed at all."""
    patience = Patience(
        min_active_days=rule.min_active_days,
        times_usual_gap=rule.times_usual_gap,
        at_least=rule.at_least_days,
        assumed_gap=rule.assumed_gap_days,
    )
    return falls_silent(days, patience)


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against asking after the member."""
    rule: FadingRule = look.rule
    missed = due(state.active_days, rule)
    return Judgement(
        against={
            "not there often enough": missed is None,
            "the team turned to them": turned_to(state, occasion.evidence.time),
        },
        values={
            "silent_days": days_between(occasion.evidence.time, look.seen.at),
            "active_days": len(state.active_days),
        },
        baseline={"usual_gap_days": usual_gap(state.active_days, rule.assumed_gap_days)},
        difference="a sign of life, or a word of the team",
        since=missed,
    )
