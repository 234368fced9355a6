from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.contracts.policy import Day, Hours
from shared.working_hours import WorkingHours

OFFICE: dict[Day, tuple[str, ...]] = {
    "monday": ("09:00-12:00", "13:00-17:00"),
    "tuesday": ("09:00-17:00",),
    "wednesday": ("09:00-17:00",),
    "thursday": ("09:00-17:00",),
    "friday": ("09:00-17:00",),
}
ROUND_THE_CLOCK: dict[Day, tuple[str, ...]] = dict.fromkeys(
    ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"), ("00:00-24:00",)
)


def pattern(days: dict[Day, tuple[str, ...]], timezone: str = "Europe/Berlin") -> WorkingHours:
    return WorkingHours.of(Hours(timezone=timezone, days=days))


def berlin(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Berlin")).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-11-23 08:00", 1, "2026-11-23 10:00"),
        ("2026-11-23 11:30", 1, "2026-11-23 13:30"),
        ("2026-11-23 16:00", 4, "2026-11-24 12:00"),
        ("2026-11-23 16:00", 1, "2026-11-23 17:00"),
        ("2026-11-27 16:30", 1, "2026-11-30 09:30"),
        ("2026-11-28 03:00", 0.5, "2026-11-30 09:30"),
        ("2026-11-23 09:00", 39, "2026-11-27 17:00"),
        ("2026-11-23 09:00", 39.25, "2026-11-30 09:15"),
        ("2026-03-27 16:00", 2, "2026-03-30 10:00"),
        ("2026-10-23 16:00", 2, "2026-10-26 10:00"),
    ],
)
def test_hours_pass_only_while_the_team_is_there(start: str, hours: float, end: str) -> None:
    assert pattern(OFFICE).add(berlin(start), hours) == berlin(end)


@pytest.mark.parametrize(
    ("start", "end"),
    [("2026-03-29 00:00", "2026-03-29 05:00"), ("2026-10-25 00:00", "2026-10-25 03:00")],
    ids=["an hour is left out", "an hour comes twice"],
)
def test_real_hours_pass_when_the_clocks_change(start: str, end: str) -> None:
    assert pattern(ROUND_THE_CLOCK).add(berlin(start), 4) == berlin(end)


def test_hours_in_the_hour_that_is_left_out_or_comes_twice() -> None:
    night = pattern({"sunday": ("02:30-03:15",)})
    spring = berlin("2026-03-29 00:00")
    assert night.next_opening(spring) == berlin("2026-04-05 02:30")
    assert not night.is_open(berlin("2026-03-29 03:10"))
    assert night.add(berlin("2026-10-25 00:00"), 0.25) == berlin("2026-10-25 02:45")


@pytest.mark.parametrize(
    ("moment", "opening"),
    [
        ("2026-11-23 08:59", "2026-11-23 09:00"),
        ("2026-11-23 09:00", "2026-11-23 09:00"),
        ("2026-11-23 12:00", "2026-11-23 13:00"),
        ("2026-11-23 17:00", "2026-11-24 09:00"),
        ("2026-11-27 17:00", "2026-11-30 09:00"),
    ],
)
def test_the_next_opening(moment: str, opening: str) -> None:
    hours = pattern(OFFICE)
    assert hours.next_opening(berlin(moment)) == berlin(opening)
    assert hours.is_open(berlin(moment)) == (moment == opening)


def test_a_day_ends_at_24_and_goes_on_at_0() -> None:
    hours = pattern({"friday": ("22:00-24:00",), "saturday": ("00:00-02:00",)})
    assert hours.is_open(berlin("2026-11-27 23:59"))
    assert hours.is_open(berlin("2026-11-28 00:00"))
    assert hours.add(berlin("2026-11-27 23:00"), 2) == berlin("2026-11-28 01:00")


def test_who_is_never_there_never_will_be() -> None:
    never = pattern({"monday": ()})
    moment = berlin("2026-11-23 10:00")
    assert (never.is_open(moment), never.next_opening(moment), never.add(moment, 1)) == (False, None, None)


def test_what_is_given_is_in_utc() -> None:
    hours = pattern(OFFICE)
    moment = berlin("2026-11-23 10:00")
    for given_back in (hours.add(moment, 1), hours.next_opening(moment)):
        assert given_back is not None
        assert given_back.tzinfo is UTC


moments = st.datetimes(datetime(2025, 12, 1), datetime(2027, 1, 31)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
clocks = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")


@st.composite
def patterns(draw: st.DrawFn) -> WorkingHours:
    days: dict[Day, tuple[str, ...]] = {}
    for day in OFFICE:
        times = sorted(draw(st.sets(clocks, max_size=4)))
        days[day] = tuple(f"{begin}-{end}" for begin, end in zip(times[::2], times[1::2], strict=False))
    days["sunday"] = ("01:00-05:00",)
    return pattern(days, draw(zones))


def open_minutes(hours: WorkingHours, start: datetime, end: datetime) -> float:
    """The working time between two moments, by asking every half minute."""
    step, total, moment = timedelta(seconds=30), timedelta(), start
    while moment < end:
        total += min(step, end - moment) if hours.is_open(moment) else timedelta()
        moment += step
    return total / timedelta(minutes=1)


@given(patterns(), moments, st.floats(0.01, 60), st.integers(0, 200_000))
def test_later_beginnings_never_end_earlier(hours: WorkingHours, moment: datetime, span: float, seconds: int) -> None:
    first, later = hours.add(moment, span), hours.add(moment + timedelta(seconds=seconds), span)
    assert first is not None
    assert later is not None
    assert moment < first <= later


@given(patterns(), moments, st.integers(1, 16))
def test_the_working_time_in_between_is_what_was_added(hours: WorkingHours, moment: datetime, quarters: int) -> None:
    moment = moment.replace(second=0, microsecond=0)
    end = hours.add(moment, quarters / 4)
    assert end is not None
    near = max(moment, end - timedelta(days=2))
    left = quarters * 15 - open_minutes(hours, near, end)
    assert left == 0 or (near > moment and left > 0)
    assert hours.next_opening(end - timedelta(seconds=1)) == end - timedelta(seconds=1)
