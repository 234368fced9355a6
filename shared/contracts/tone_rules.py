"""The rules of the care policy that look for how a text sounds; each has an alert budget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from msgspec import Meta

from shared.contracts.policy_measures import PositiveDays, PositiveHours, RestDays, Weight

PerThousand = Annotated[float, Meta(gt=0, le=100)]
"""Of a thousand messages so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DistressRule:
    """A member who writes of themselves as of one who is not well; only where tone is read.

    Of a thousand messages about ``alerts_per_thousand`` are shown, those with the strongest signs. Crisis wording is
    always shown, beside that, as urgent, and where the rule is not ``enabled``, too.
    """

    enabled: bool = True
    alerts_per_thousand: PerThousand = 1.0
    cool_down_days: RestDays = 1.0
    care_load: Weight = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatedRule:
    """A conversation in which somebody is insulted; only where tone is read.

    Insults and the tempo of ``within_hours`` hours are taken together.
    """

    enabled: bool = True
    alerts_per_thousand: PerThousand = 1.0
    within_hours: PositiveHours = 2.0
    cool_down_days: RestDays = 1.0
    care_load: Weight = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class FrustrationRule:
    """A member at the end of their patience; only where tone is read.

    What they wrote in ``within_days`` days is taken together.
    """

    enabled: bool = True
    alerts_per_thousand: PerThousand = 1.0
    within_days: PositiveDays = 7.0
    cool_down_days: RestDays = 7.0
    care_load: Weight = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class ThanksRule:
    """A thanks at some length that deserves a word; only where tone is read."""

    enabled: bool = True
    alerts_per_thousand: PerThousand = 0.5
    cool_down_days: RestDays = 30.0
    care_load: Weight = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class OutOfCharacterRule:
    """A member who for some days is not as they usually are, in more than one way; only where tone is read."""

    enabled: bool = False
    alerts_per_thousand: PerThousand = 0.5
    cool_down_days: RestDays = 30.0
    care_load: Weight = 3


ToneRule = DistressRule | HeatedRule | FrustrationRule | ThanksRule | OutOfCharacterRule
