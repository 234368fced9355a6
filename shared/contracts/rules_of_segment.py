"""What a rule of the care policy asks for the members of one segment, where that differs from what it asks for all."""

from __future__ import annotations

from dataclasses import dataclass

from shared.contracts.member_events import Score
from shared.contracts.names import Name
from shared.contracts.policy_measures import ActiveDays, PositiveDays, PositiveHours, Times, Weight


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOfSegment:
    """What a rule asks for the members of one segment, where that differs from what it asks for all."""

    segment: Name
    enabled: bool | None = None
    within_hours: PositiveHours | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LowSurveyOfSegment:
    """As ``RuleOfSegment``, of the rule that asks which score is low."""

    segment: Name
    enabled: bool | None = None
    at_most: Score | None = None
    within_hours: PositiveHours | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysRuleOfSegment:
    """As ``RuleOfSegment``, of a rule that waits for days and not for working hours."""

    segment: Name
    enabled: bool | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FadingOfSegment:
    """As ``RuleOfSegment``, of the rule that asks which silence is long.

    ``assumed_gap_days`` is what is usual in the segment, until enough is known of what is usual for the member.
    """

    segment: Name
    enabled: bool | None = None
    min_active_days: ActiveDays | None = None
    times_usual_gap: Times | None = None
    at_least_days: PositiveDays | None = None
    assumed_gap_days: PositiveDays | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturningOfSegment:
    """As ``FadingOfSegment``, of the rule that waits for working hours after the silence."""

    segment: Name
    enabled: bool | None = None
    within_hours: PositiveHours | None = None
    min_active_days: ActiveDays | None = None
    times_usual_gap: Times | None = None
    at_least_days: PositiveDays | None = None
    assumed_gap_days: PositiveDays | None = None
    care_load: Weight | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInOfSegment:
    """As ``RuleOfSegment``, of the rule that has a cadence."""

    segment: Name
    enabled: bool | None = None
    every_days: PositiveDays | None = None
    care_load: Weight | None = None
