"""What the care policy counts in: days of the week and times of day, lengths of time, and the weight of a touch."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Clock = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="a time of day, such as 09:30")]
PositiveHours = Annotated[float, Meta(gt=0, le=24 * 365)]
PositiveDays = Annotated[float, Meta(gt=0, le=3650)]
Weight = Annotated[int, Meta(ge=1, le=100)]
RestDays = Annotated[float, Meta(ge=0, le=3650)]
ActiveDays = Annotated[int, Meta(ge=1, le=30)]
"""On so many days a member was there: of each, triage keeps a few more."""
Times = Annotated[float, Meta(ge=1, le=100)]
"""So many times as long as usual."""
