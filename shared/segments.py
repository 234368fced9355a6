"""In which segment of the policy a member is, and why: the same wherever it is asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

import structlog

from shared.contracts.policy import Segment
from shared.member_condition import ConditionFailedError, ConditionFaultyError, MemberCondition, Value

EVERYONE: Final = "everyone"
"""The segment of a member whom no segment of the policy matches."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


class SegmentMember(Protocol):
    """What segments ask of one identity of a member; None for what is not known."""

    @property
    def since(self) -> datetime | None:
        """When they were first there."""

    @property
    def platform(self) -> str:
        """Where the identity is known."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Those that the platform told last."""

    @property
    def all_tags(self) -> tuple[str, ...]:
        """Those that the platform told last, and those that the team gave."""

    @property
    def active_days(self) -> tuple[int, ...]:
        """The days of UTC on which they did anything, by number from 1970-01-01 on and in order."""

    @property
    def survey_score(self) -> int | None:
        """What they answered last, 0 to 10."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionLook:
    """One condition of a segment, held against a member: what it asks, what the member is, and whether that will do.

    ``measured`` are the values that it asked for, by name; None for what is not known.
    """

    condition: str
    measured: Mapping[str, Value | float | None]
    holds: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentLook:
    """A segment held against a member; the member is in it when all its conditions hold and in none before it."""

    segment: str
    conditions: tuple[ConditionLook, ...]

    @property
    def holds(self) -> bool:
        """Whether all conditions hold."""
        return all(one.holds for one in self.conditions)


class Segments:
    """The segments of a policy, in its order, made ready to be asked many times."""

    __slots__ = ("_compiled",)

    def __init__(self, segments: Iterable[Segment]) -> None:
        self._compiled = tuple((one, tuple(_conditions(one))) for one in segments)

    def ask_for(self, name: str) -> bool:
        """Tell whether any of them asks for that of a member: ``tags``, say."""
        return any(getattr(one, name, ()) or f"member.{name}" in (one.when or "") for one, _ in self._compiled)

    def of(self, member: SegmentMember, at: datetime) -> str:
        """Return the first segment, in the policy's order, that matches the member as of ``at``."""
        for segment, conditions in self._compiled:
            if all(one.holds(member, at) for one in conditions):
                return segment.name
        return EVERYONE

    def look(self, member: SegmentMember, at: datetime) -> tuple[SegmentLook, ...]:
        """Hold every segment, in the policy's order, against the member as of ``at``."""
        return tuple(
            SegmentLook(segment=segment.name, conditions=tuple(one.look(member, at) for one in conditions))
            for segment, conditions in self._compiled
        )


class _Condition(Protocol):
    def holds(self, member: SegmentMember, at: datetime) -> bool: ...

    def look(self, member: SegmentMember, at: datetime) -> ConditionLook: ...


class _Expression:
    """A segment's condition in CEL; what goes wrong with it is told once, and it holds for nobody then."""

    __slots__ = ("_condition", "_segment", "_told", "text")

    def __init__(self, segment: Segment) -> None:
        self._segment, self._told = segment.name, False
        self.text = segment.when or ""
        self._condition: MemberCondition | None = None
        try:
            self._condition = MemberCondition(self.text)
        except ConditionFaultyError as error:  # sound when it was adopted, by another version of the library
            self._tell(str(error))

    def holds(self, member: SegmentMember, at: datetime) -> bool:
        return self.look(member, at).holds

    def look(self, member: SegmentMember, at: datetime) -> ConditionLook:
        values = _values(member, at)
        if self._condition is None:
            return ConditionLook(condition=self.text, measured={}, holds=False)
        try:
            holds = self._condition.holds(values)
        except ConditionFailedError as error:
            self._tell(str(error))
            holds = False
        return ConditionLook(
            condition=self.text, measured={name: values.get(name) for name in self._condition.asks_for}, holds=holds
        )

    def _tell(self, why: str) -> None:
        if not self._told:
            self._told = True
            log.error("a segment's condition fails, and counts as not met", segment=self._segment, why=why)


class _AnyOf:
    """One of the ``wanted`` is among those that the member ``has``."""

    __slots__ = ("_condition", "_has", "_name", "_wanted")

    def __init__(self, name: str, wanted: tuple[str, ...], has: Callable[[SegmentMember], tuple[str, ...]]) -> None:
        self._name, self._wanted, self._has = name, frozenset(wanted), has
        self._condition = f"{name}: one of {', '.join(wanted)}"

    def holds(self, member: SegmentMember, _at: datetime) -> bool:
        return not self._wanted.isdisjoint(self._has(member))

    def look(self, member: SegmentMember, at: datetime) -> ConditionLook:
        return ConditionLook(
            condition=self._condition, measured={self._name: self._has(member)}, holds=self.holds(member, at)
        )


class _Tenure:
    """The member has been there for less than some days, or else ``at_least`` so many."""

    __slots__ = ("_at_least", "_condition", "_days")

    def __init__(self, days: float, *, at_least: bool) -> None:
        self._days, self._at_least = timedelta(days=days), at_least
        self._condition = f"member for {'at least' if at_least else 'less than'} {days:g} days"

    def holds(self, member: SegmentMember, at: datetime) -> bool:
        return (_tenure(member, at) >= self._days) is self._at_least

    def look(self, member: SegmentMember, at: datetime) -> ConditionLook:
        days = round(_tenure(member, at) / timedelta(days=1), 2)
        return ConditionLook(condition=self._condition, measured={"days": days}, holds=self.holds(member, at))


def _conditions(segment: Segment) -> Iterator[_Condition]:
    if segment.roles:
        yield _AnyOf("roles", segment.roles, lambda member: member.roles)
    if segment.tags:
        yield _AnyOf("tags", segment.tags, lambda member: member.all_tags)
    if segment.platforms:
        yield _AnyOf("platforms", segment.platforms, lambda member: (member.platform,))
    if segment.member_for_less_than_days is not None:
        yield _Tenure(segment.member_for_less_than_days, at_least=False)
    if segment.member_for_at_least_days is not None:
        yield _Tenure(segment.member_for_at_least_days, at_least=True)
    if segment.when is not None:
        yield _Expression(segment)


def _values(member: SegmentMember, at: datetime) -> dict[str, Value]:
    today = (at - _EPOCH).days
    active = [day for day in member.active_days if day <= today]
    values: dict[str, Value] = {
        "member.days": _tenure(member, at).days,
        "member.platform": member.platform,
        "member.roles": member.roles,
        "member.tags": member.all_tags,
        "member.active_days_30": sum(day > today - 30 for day in active),
    }
    if active:
        values["member.days_since_active"] = today - active[-1]
    if member.survey_score is not None:
        values["member.survey_score"] = member.survey_score
    return values


def _tenure(member: SegmentMember, at: datetime) -> timedelta:
    return at - member.since if member.since is not None else timedelta()
