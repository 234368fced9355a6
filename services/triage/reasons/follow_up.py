"""``follow-up``: some days after a touch was settled, or a problem was solved, somebody asks how it went on."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.triage.difference import length
from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, turned_to
from shared.contracts.policy_rules import FollowUpRule
from shared.contracts.touch_facts import Outcome

OUTCOMES: Final[tuple[Outcome, ...]] = ("reached", "referred", "no-response", "replied-on-platform")
"""Those after which there is something to follow up."""

_TURNED_TO: Final = "the team turned to them"


def due(settled: datetime, rule: FollowUpRule) -> datetime:
    """Return when to ask."""
    return settled + timedelta(days=rule.after_days)


def judge(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against asking: a word before it is due is no answer to whether it helped."""
    rule: FollowUpRule = look.rule
    since = due(occasion.evidence.time, rule)
    return Judgement(
        against={
            "not one of the reasons": occasion.values["after"] not in rule.after,
            _TURNED_TO: turned_to(state, since),
        },
        values=occasion.values,
        difference=_difference(rule),
        since=since,
    )


def judge_solved(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against asking whether a problem stayed solved: also that an earlier post was somebody else's."""
    rule, conversation = look.rule, occasion.values["conversation"]
    since = due(occasion.evidence.time, rule)
    return Judgement(
        against={
            "not of interest": not rule.after_solved,
            "not theirs": look.opener != state.member,
            _TURNED_TO: turned_to(state, since),
        },
        values={"after": "solved"},
        conversation=str(conversation),
        difference=_difference(rule),
        since=since,
    )


def _difference(rule: FollowUpRule) -> str:
    return f"a word of the team after {length(timedelta(days=rule.after_days))} or more"
