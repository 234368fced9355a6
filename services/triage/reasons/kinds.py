"""Every kind of occasion, by the name of its deadline, and how one is looked at when that fires."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from msgspec.structs import replace

from services.triage.member_state import MemberState
from services.triage.needs import raised, standing_for
from services.triage.occasions import CHECK_IN, FADING, Occasion, OccasionLookedAt, OccasionPostponed
from services.triage.person import together
from services.triage.reasons import check_in, fading, farewell, follow_up, low_survey, milestone, moderated, returning
from services.triage.reasons.judgement import Judgement, LookAtOccasion
from services.triage.rhythm import Days
from shared.contracts.names import Reason
from shared.contracts.policy_rules import Rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """``due`` is when the rule asks for a touch; where it is None, that is ``within_hours`` of working time.

    It is asked with the days on which anybody was heard of, and as of when the occasion is looked at.
    ``thresholds`` are the fields of the rule that something is held against.
    """

    reason: Reason
    thresholds: tuple[str, ...]
    rule: Callable[[Rules], Any]
    judge: Callable[[LookAtOccasion, MemberState, Occasion], Judgement]
    due: Callable[[MemberState, Occasion, Any, Days, datetime], datetime | None] | None = None


_RHYTHM: Final = ("min_active_days", "times_usual_gap", "at_least_days", "assumed_gap_days")


def _milestone(judge: Callable[[LookAtOccasion, MemberState, Occasion], Judgement], *thresholds: str) -> Kind:
    return Kind(
        reason="milestone",
        thresholds=("within_hours", *thresholds),
        rule=lambda rules: rules.milestone,
        judge=judge,
    )


KINDS: Final[dict[str, Kind]] = {
    FADING: Kind(
        reason="fading",
        thresholds=_RHYTHM,
        rule=lambda rules: rules.fading,
        judge=fading.judge,
        due=lambda state, _occasion, rule, heard, at: fading.due(state.active_days, rule, heard, at),
    ),
    "returning": Kind(
        reason="returning",
        thresholds=("within_hours", *_RHYTHM),
        rule=lambda rules: rules.returning,
        judge=returning.judge,
    ),
    "first-post": _milestone(milestone.judge_first_post, "settling_in_days"),
    "first-gathering": _milestone(milestone.judge_first_gathering, "settling_in_days"),
    "accepted-answer": _milestone(milestone.judge_accepted_answer, "settling_in_days"),
    "first-contribution": _milestone(milestone.judge_first_contribution, "settling_in_days"),
    "anniversary": _milestone(milestone.judge_anniversary, "min_active_days"),
    "role-gained": _milestone(milestone.judge_role_gained, "roles"),
    low_survey.LOW_SURVEY: Kind(
        reason=low_survey.LOW_SURVEY,
        thresholds=("within_hours", "at_most"),
        rule=lambda rules: rules.low_survey,
        judge=low_survey.judge,
    ),
    "moderated": Kind(
        reason="moderated",
        thresholds=("within_hours", "min_active_days", "actions"),
        rule=lambda rules: rules.moderated,
        judge=moderated.judge,
    ),
    "farewell": Kind(
        reason="farewell",
        thresholds=("within_hours", "min_active_days"),
        rule=lambda rules: rules.farewell,
        judge=farewell.judge,
    ),
    CHECK_IN: Kind(
        reason="check-in",
        thresholds=("every_days", "min_active_days"),
        rule=lambda rules: rules.check_in,
        judge=check_in.judge,
        due=lambda state, _occasion, rule, _heard, _at: check_in.due(state, rule),
    ),
    "follow-up": Kind(
        reason="follow-up",
        thresholds=("after_days",),
        rule=lambda rules: rules.follow_up,
        judge=follow_up.judge,
        due=lambda _state, occasion, rule, _heard, _at: follow_up.due(occasion.evidence.time, rule),
    ),
    "solved": Kind(
        reason="follow-up",
        thresholds=("after_days",),
        rule=lambda rules: rules.follow_up,
        judge=follow_up.judge_solved,
        due=lambda _state, occasion, rule, _heard, _at: follow_up.due(occasion.evidence.time, rule),
    ),
}


def look(command: LookAtOccasion, state: MemberState) -> tuple[Any, ...]:
    """Return what follows when an occasion's time has come."""
    seen, name = command.seen, command.name
    of, member, kind = state.occasion(name), state.member, KINDS[name]
    person = together(state, command.elsewhere)
    occasion = person.occasion(name)
    if of is None or occasion is None or member is None:
        return ()
    found = kind.judge(command, person, occasion)
    since = found.since or occasion.evidence.time
    against = {
        "the rule is off": not seen.enabled,
        "one of the team": command.team,
        "a bot": state.bot,
        "the member left": person.gone and kind.reason != "farewell",
        **found.against,
        "the team has no hours": seen.due is None,
        "long past": seen.at - since > seen.forget_after,
        "a touch for it is open": standing_for(state, kind.reason) is not None or _asked_for(command, kind),
    }
    why = next((why for why, holds in against.items() if holds), None)
    if why is None and seen.due is not None and seen.due > max(occasion.due, seen.at):
        return (OccasionPostponed(name=name, due=seen.due),)
    looked_at = OccasionLookedAt(name=name, of=of.evidence.time, against=why, at=seen.at)
    if why is not None:
        return (looked_at,)
    need = raised(
        replace(seen, thresholds={**seen.thresholds, **found.thresholds}),
        kind.reason,
        member,
        (occasion.evidence,),
        found.values,
        since=since,
        conversation=found.conversation,
        baseline=found.baseline,
        difference=found.difference,
    )
    return (looked_at, need)


def _asked_for(command: LookAtOccasion, kind: Kind) -> bool:
    return command.elsewhere is not None and kind.reason in command.elsewhere.needs
