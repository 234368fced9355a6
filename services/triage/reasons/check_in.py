"""``check-in``: a member is there, and nobody of the team has turned to them for long."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.triage.difference import within
from services.triage.member_state import MemberState
from services.triage.occasions import CHECK_IN, Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, days_between
from shared.contracts.policy_rules import CheckInRule


def due(state: MemberState, rule: CheckInRule) -> datetime | None:
    """Return when somebody of the team should turn to the member again; None for who was never seen."""
    known = [one.time for one in (state.first, state.contact) if one is not None]
    asked = state.occasions.looked_at.get(CHECK_IN)
    last = max([*known, asked] if asked is not None else known, default=None)
    return last + timedelta(days=rule.every_days) if last is not None else None


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word: who is not there any more is missed, and no matter of a cadence."""
    rule: CheckInRule = look.rule
    silent = days_between(occasion.evidence.time, look.seen.at)
    return Judgement(
        against={
            "not there often enough": len(state.active_days) < rule.min_active_days,
            "not there any more": silent > rule.every_days,
        },
        values={
            "days_since_contact": days_between(state.contact.time, look.seen.at) if state.contact else None,
            "active_days": len(state.active_days),
        },
        difference=within("a word of the team", timedelta(days=rule.every_days)),
        since=look.seen.due,
    )
