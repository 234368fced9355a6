"""``fading``: a member who came often enough is silent for longer than their own rhythm tells."""

from __future__ import annotations

from datetime import datetime

from services.triage.difference import within
from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, days_between, turned_to
from services.triage.rhythm import Days, Patience, day_of, falls_silent, longest_unheard, may_fall_silent, usual_gap
from shared.contracts.policy_rules import FadingRule


def armed(days: Days, rule: FadingRule, heard: Days) -> datetime | None:
    """Return when it is first asked whether a member is missed who was there on ``days``; None for who never is.

    ``heard`` are the days on which anybody of the member's platform was heard of.
    """
    return may_fall_silent(days, _patience(rule), heard)


def due(days: Days, rule: FadingRule, heard: Days, at: datetime) -> datetime | None:
    """Return when that member is missed, as of ``at``, or else when to ask again; None for who never is missed."""
    return falls_silent(days, _patience(rule), heard, at)


def _patience(rule: FadingRule) -> Patience:
    return Patience(
        min_active_days=rule.min_active_days,
        times_usual_gap=rule.times_usual_gap,
        at_least=rule.at_least_days,
        assumed_gap=rule.assumed_gap_days,
    )


def _unheard(look: LookAtOccasion, last: datetime) -> int:
    return longest_unheard(day_of(last), day_of(look.seen.at), look.heard)


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against asking after the member."""
    rule: FadingRule = look.rule
    last = occasion.evidence.time
    missed = due(state.active_days, rule, look.heard, look.seen.at)
    return Judgement(
        against={
            "not there often enough": missed is None,
            "nobody was heard of for long": _unheard(look, last) > rule.forget_after_days,
            "the team turned to them": turned_to(state, last),
        },
        values={
            "silent_days": days_between(last, look.seen.at),
            "active_days": len(state.active_days),
        },
        baseline={"usual_gap_days": usual_gap(state.active_days, rule.assumed_gap_days, look.heard)},
        difference=within("a sign of life or a word of the team", missed - last) if missed is not None else None,
        since=missed,
    )
