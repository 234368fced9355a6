"""What a rule measured and what it held that against, in words for people."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from services.projections.desk.words import capital, moment, plain
from services.projections.resources import ReasonItem
from shared.contracts.needs_touch import Scalar

_LABELS: Final = {
    "hours_since": "Time passed",
    "joined": "Seen to join",
    "greetings": "Greetings by the team",
    "answers_by_team": "Answers by the team",
    "answers_by_peers": "Answers by peers",
    "within_hours": "To be met within working time of",
    "answered_by": "Whose answer counts",
    "greeted_by": "Whose word to them counts",
    "crisis": "Crisis wording",
    "afterwards": "Since then",
    "promises": "Promises to come back",
    "promised_by": "Promised by",
    "asked_not_to_be_contacted": "Asked not to be contacted",
    "distress": "Signs of distress",
    "hostility": "Signs of hostility",
    "frustration": "Signs of frustration",
    "gratitude": "Signs of gratitude",
    "insults": "Insults",
    "people_insulting": "People who insulted",
    "faster": "Messages came faster and faster",
    "messages": "Messages that say so",
    "alerts_per_thousand": "Shown of a thousand messages",
    "found_at": "Places in the text, by character",
    "reader": "Version of the reading",
    "settling_in_days": "Newcomers are told apart after",
    "silent_days": "Days of silence",
    "active_days": "Days they were here (32 at most)",
    "usual_gap_days": "Days that usually pass between two visits",
    "min_active_days": "Days they must have been here",
    "times_usual_gap": "A silence is long at so many times the usual",
    "at_least_days": "And at least at so many days",
    "assumed_gap_days": "Days assumed where little is known",
    "milestone": "What there is to be glad of",
    "years": "Years",
    "role": "Role",
    "score": "Score, of 0 to 10",
    "survey": "Survey",
    "at_most": "Low is at most",
    "contradicted_by": "What the comment shows instead",
    "action": "What was done",
    "actions": "Actions that count",
    "roles": "Roles that count",
    "went": "How they went",
    "member_for_days": "Days since they were first here",
    "days_since_contact": "Days since a word of the team",
    "every_days": "A word every so many days",
    "after": "After a touch for",
    "after_days": "Days to wait",
    "taken_together_hours": "Taken together: what fell within",
    "taken_together_days": "Taken together: what was said within",
    "borne_out_above": "One sigh alone scores",
    "change": "How far from their usual",
    "differs_in": "What is not as usual",
    "words": "Words in the first text of a day",
    "days_between": "Days from one to the next",
    "hours_away": "Hours from any at which they usually write",
    "ill_humour": "Signs of ill humour, of 0 to 1",
    "usual_ill_humour": "Signs of ill humour that are usual, at most",
    "ways": "Ways in which they must differ",
    "days_in_a_row": "On each of so many days in a row",
    "usual_days": "What is usual is known after",
    "times_usual": "Longer, shorter, rarer or denser by so many times",
    "list": "List",
    "members": "Members on it",
    "starts_at": "Begins",
    "newcomers": "Who come for the first time",
    "host_asked_not_to_be_contacted": "The host asked not to be contacted",
    "hours_before": "Asked for before it by working time of",
    "hours_after": "Asked for after it by working time of",
    "day": "Asked for on",
    "at": "At",
}
_AS_WRITTEN: Final = ("found_at", "reader")


def measure(name: str, value: Scalar) -> tuple[str, str]:
    """Return the label and the words of a measured value or a threshold."""
    label = _LABELS.get(name) or capital(plain(name))
    if isinstance(value, bool):
        return label, "yes" if value else "no"
    if value is None:
        return label, "unknown"
    if isinstance(value, str):
        return label, moment(value) if name == "starts_at" else value if name in _AS_WRITTEN else plain(value)
    places = 2 if abs(value) > 1 else 3
    number = f"{value:.{places}f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
    unit = next((unit for unit in ("hour", "day") if unit in name), "")
    return label, f"{number} {unit if number == '1' else f'{unit}s'}" if unit else number


def measures(one: ReasonItem) -> list[tuple[str, str]]:
    """Return what was measured, what it was held against, and what is usual for the member, as labels and words."""
    usual = [(f"Usual for them: {label[:1].lower()}{label[1:]}", value) for label, value in _measured(one.baseline)]
    least = {name: value for name, value in one.thresholds.items() if name in one.values}
    held = [(f"At least: {label[:1].lower()}{label[1:]}", value) for label, value in _measured(least)]
    rule = {name: value for name, value in one.thresholds.items() if name not in least}
    return [*_measured(one.values), *held, *_measured(rule), *usual]


def _measured(values: Mapping[str, Scalar]) -> list[tuple[str, str]]:
    return [measure(name, value) for name, value in values.items()]
