"""``milestone``: something to be glad of with the member."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from services.triage.member_state import MemberState
from services.triage.occasions import Occasion
from services.triage.reasons.judgement import Judgement, LookAtOccasion, a_word_in_time, turned_to
from services.triage.rhythm import day_of, start_of
from shared.contracts.needs_touch import Scalar
from shared.contracts.policy_rules import MilestoneRule

ANNIVERSARY: Final = "anniversary"


def years(first: datetime, time: datetime) -> int:
    """Return how many whole years lie between."""
    number = time.year - first.year
    return number if time >= _anniversary(first, number) else number - 1


def anniversary(state: MemberState, rule: MilestoneRule) -> tuple[int, datetime] | None:
    """Return which anniversary the member was there for, on the day or shortly after, and when that was."""
    if state.first is None or len(state.active_days) < rule.min_active_days:
        return None
    first, within = state.first.time, timedelta(days=rule.forget_after_days)
    for day in reversed(state.active_days):
        end = start_of(day + 1)
        number = _years_on(first, day)
        if number > 0 and end - _anniversary(first, number) < within:
            return number, start_of(day)
    return None


def is_new_year(state: MemberState, rule: MilestoneRule) -> bool:
    """Tell whether there is an anniversary that neither was looked at nor waits to be."""
    found = anniversary(state, rule)
    if found is None or state.first is None:
        return False
    waits, looked_at = state.occasions.waiting.get(ANNIVERSARY), state.occasions.looked_at.get(ANNIVERSARY)
    known = (waits.evidence.time if waits is not None else None, looked_at)
    return all(time is None or _years_on(state.first.time, day_of(time)) < found[0] for time in known)


def _years_on(first: datetime, day: int) -> int:
    """Return how many whole years have passed by the end of that day, at whatever hour of it the member came first."""
    return years(first, start_of(day + 1))


def _anniversary(first: datetime, number: int) -> datetime:
    year = first.year + number
    try:
        return first.replace(year=year)
    except ValueError:  # the 29th of February
        return first.replace(year=year, day=28)


def judge_first_post(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word on the first post of somebody who had joined some time before."""
    rule: MilestoneRule = look.rule
    settled = timedelta(days=rule.settling_in_days)
    against = {
        "not of interest": not rule.first_post,
        "there before": bool(state.active_days) and start_of(state.active_days[0] + 1) <= occasion.evidence.time,
        "the community is not known for long": occasion.evidence.time < look.known_since + settled,
        "a newcomer": state.first is None or not state.joined or occasion.evidence.time < state.first.time + settled,
    }
    return _judgement(look, state, occasion, against, {"milestone": look.name})


def judge_first_gathering(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word after the first gathering that they came to."""
    return _judge_first(look, state, occasion, wanted=look.rule.first_gathering)


def judge_accepted_answer(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word on the first answer of theirs that was accepted."""
    return _judge_first(look, state, occasion, wanted=look.rule.accepted_answer)


def judge_first_contribution(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word on the first contribution of theirs that was taken over."""
    return _judge_first(look, state, occasion, wanted=look.rule.contribution)


def _judge_first(look: LookAtOccasion, state: MemberState, occasion: Occasion, *, wanted: bool) -> Judgement:
    rule: MilestoneRule = look.rule
    settled = look.known_since + timedelta(days=rule.settling_in_days)
    against = {
        "not of interest": not wanted,
        "the community is not known for long": occasion.evidence.time < settled,
    }
    return _judgement(look, state, occasion, against, {"milestone": look.name})


def judge_anniversary(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word on another year, to somebody who is there around the day."""
    rule: MilestoneRule = look.rule
    number, since = anniversary(state, rule) or (0, occasion.evidence.time)
    against = {"not of interest": not rule.anniversary, "no anniversary": number == 0}
    return _judgement(look, state, occasion, against, {"milestone": look.name, "years": number}, since=since)


def judge_role_gained(look: LookAtOccasion, state: MemberState, occasion: Occasion) -> Judgement:
    """Say what speaks against a word on a role that the policy names."""
    rule: MilestoneRule = look.rule
    role = occasion.values["role"]
    against = {"not of interest": role not in rule.roles, "not held any more": role not in state.roles}
    return _judgement(look, state, occasion, against, {"milestone": look.name, "role": role})


def _judgement(
    look: LookAtOccasion,
    state: MemberState,
    occasion: Occasion,
    against: dict[str, bool],
    values: dict[str, Scalar],
    *,
    since: datetime | None = None,
) -> Judgement:
    since = since or occasion.evidence.time
    return Judgement(
        against={**against, "the team turned to them": turned_to(state, since)},
        values=values,
        difference=a_word_in_time(look, occasion),
        since=since,
    )
