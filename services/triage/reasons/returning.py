"""``returning``: a member is there again after a silence that was long for them, or after they were missed."""

from __future__ import annotations

from typing import Final

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, a_word_in_time, turned_to
from services.triage.rhythm import Patience, day_of, may_have_returned_on, returned_on, start_of, usual_gap
from shared.contracts.policy_rules import ReturningRule

NAME: Final = "returning"


def is_news(state: MemberState, rule: ReturningRule) -> bool:
    """Tell whether the member may be back after a long silence that was neither looked at nor waits to be."""
    day = may_have_returned_on(state.active_days, _patience(rule), state.missed)
    waits, looked_at = state.occasions.waiting.get(NAME), state.occasions.looked_at.get(NAME)
    known = (waits.evidence.time if waits is not None else None, looked_at)
    return day is not None and all(time is None or day_of(time) < day for time in known)


def _patience(rule: ReturningRule) -> Patience:
    return Patience(
        min_active_days=rule.min_active_days,
        times_usual_gap=rule.times_usual_gap,
        at_least=rule.at_least_days,
        assumed_gap=rule.assumed_gap_days,
    )


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word of welcome back: also that an event came to light of the time in between."""
    rule: ReturningRule = look.rule
    day = returned_on(state.active_days, _patience(rule), state.missed, look.heard)
    looked_at = state.occasions.looked_at.get(NAME)
    since = occasion.evidence.time if day is None else start_of(day)
    before = tuple(known for known in state.active_days if day is not None and known < day)
    return Judgement(
        against={
            "not away for long": day is None,
            "looked at before": day is not None and looked_at is not None and day <= day_of(looked_at),
            "the team turned to them": turned_to(state, since),
        },
        values={
            "silent_days": day - before[-1] if day is not None and before else 0,
            "active_days": len(state.active_days),
        },
        baseline={"usual_gap_days": usual_gap(before, rule.assumed_gap_days, look.heard)},
        difference=a_word_in_time(look, occasion),
        since=since,
    )
