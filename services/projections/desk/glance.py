"""What is known of a member at a glance, in words: segment, rhythm, what was promised, what was told last. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final

from services.projections.desk.words import day
from services.projections.history.presence import DAYS_SHOWN
from services.projections.member_resources import ConditionItem, MemberDetail
from services.projections.resources import ByHandItem, Identified
from shared.segments import EVERYONE

_NEWEST: Final = timedelta(days=30)
_PROMISED: Final = "follow-up-promised"


def no_conditions(segment: str) -> str:
    """Return why a member is in a segment that asks for nothing."""
    return "whom no segment of the policy fits" if segment == EVERYONE else "whom no segment before it fits"


def condition(one: ConditionItem) -> str:
    """Return a condition that holds, and what the member is: ``member for less than 30 days (days: 12.5)``."""
    measured = ", ".join(f"{_name(name)}: {_value(value)}" for name, value in one.measured.items())
    return f"{one.condition} ({measured})" if measured else one.condition


def presence(active: Sequence[date], today: date) -> str:
    """Return on how many days a member was there of late."""
    if not active:
        return f"Not once in the last {DAYS_SHOWN} days"
    newest = sum(one > today - _NEWEST for one in active)
    return f"On {_days(len(active))} of the last {DAYS_SHOWN}, {newest} of them in the last {_NEWEST.days}"


def days(active: Sequence[date], today: date) -> list[bool]:
    """Return of each of the days that are shown whether the member was there, the oldest first."""
    there = set(active)
    return [today - timedelta(days=back) in there for back in reversed(range(DAYS_SHOWN))]


def promises(told: Sequence[ByHandItem], earliest_today: date) -> list[ByHandItem]:
    """Return the promises to come back whose day is still to come, the next first."""
    waiting = [one for one in told if one.kind == _PROMISED and _day(one) >= earliest_today]
    return sorted(waiting, key=_day)


def promise(one: ByHandItem, reader: str | None) -> str:
    """Return who comes back to a member and when, for the responder ``reader``."""
    who = "You come" if one.responder.name == reader else f"{one.responder.display_name} comes"
    return f"{who} back to them on {day(_day(one))}"


def others(member: MemberDetail) -> list[Identified]:
    """Return the other identities of the person, each once."""
    ends = {end.key: end for link in member.links for end in (link.member, link.other)}
    return [one for key, one in ends.items() if key != member.key]


def _day(one: ByHandItem) -> date:
    return date.fromisoformat(str(one.detail["day"]))


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"


def _name(name: str) -> str:
    return name.removeprefix("member.").replace("_", " ")


def _value(value: str | float | list[str] | None) -> str:
    if value is None:
        return "not known"
    if isinstance(value, list):
        return ", ".join(value) or "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
