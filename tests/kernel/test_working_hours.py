from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts.policy import Holidays, Hours
from shared.contracts.policy_measures import Day
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


def pattern(
    days: dict[Day, tuple[str, ...]],
    timezone: str = "Europe/Berlin",
    holidays: Holidays | None = None,
    closed: tuple[str, ...] = (),
) -> WorkingHours:
    return WorkingHours.of(Hours(timezone=timezone, days=days, holidays=holidays, closed=closed))


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


def test_no_hour_counts_twice_when_the_end_of_one_falls_into_the_hour_that_is_left_out() -> None:
    night = pattern({"sunday": ("01:00-02:45", "03:00-04:00"), "monday": ("09:00-10:00",)})
    assert night.add(berlin("2026-03-29 00:00"), 2) == berlin("2026-03-29 04:00")
    assert night.add(berlin("2026-03-29 00:00"), 2.5) == berlin("2026-03-30 09:30")


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-04-02 16:00", 2, "2026-04-07 10:00"),
        ("2026-04-04 12:00", 0.5, "2026-04-07 09:30"),
        ("2026-12-23 16:00", 2, "2026-12-28 10:00"),
        ("2026-01-05 16:00", 2, "2026-01-07 10:00"),
    ],
    ids=["Good Friday to Easter Monday", "a weekend before a holiday", "a closed day and Christmas", "Epiphany"],
)
def test_holidays_and_closed_days_are_free(start: str, hours: float, end: str) -> None:
    bavaria = pattern(OFFICE, holidays=Holidays(country="DE", subdivision="BY"), closed=("2026-12-24",))
    assert bavaria.add(berlin(start), hours) == berlin(end)
    assert bavaria.is_free(berlin(start).date() + timedelta(days=1)) == (start != "2026-04-04 12:00")


def test_a_part_of_a_country_has_holidays_that_the_whole_has_not() -> None:
    epiphany = berlin("2026-01-06 10:00")
    assert pattern(OFFICE, holidays=Holidays(country="DE")).is_open(epiphany)
    assert not pattern(OFFICE, holidays=Holidays(country="DE", subdivision="BY")).is_open(epiphany)


def test_a_day_is_free_by_the_date_there() -> None:
    auckland = pattern(OFFICE, "Pacific/Auckland", closed=("2026-11-24",))
    assert auckland.is_open(datetime(2026, 11, 22, 21, tzinfo=UTC))
    assert not auckland.is_open(datetime(2026, 11, 23, 21, tzinfo=UTC))


@pytest.mark.parametrize(
    "holidays", [Holidays(country="QQ"), Holidays(country="DE", subdivision="QQ")], ids=["a country", "a part"]
)
def test_hours_hold_though_the_library_has_dropped(holidays: Holidays) -> None:
    hours = pattern(OFFICE, holidays=holidays)
    assert hours.is_open(berlin("2026-11-23 10:00"))
    assert hours.is_open(berlin("2026-01-01 10:00")) == (holidays.country == "QQ")


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


@pytest.mark.parametrize(
    ("after", "then"),
    [
        ("2026-11-23 08:00", "2026-11-27 10:00"),
        ("2026-11-27 09:59", "2026-11-27 10:00"),
        ("2026-11-27 10:00", "2026-12-04 10:00"),
        ("2026-10-23 10:00", "2026-10-30 10:00"),
        ("2026-03-27 10:00", "2026-04-07 09:00"),
        ("2026-04-04 12:00", "2026-04-07 09:00"),
        ("2026-04-07 09:00", "2026-04-10 10:00"),
    ],
    ids=["this week", "the same day", "past it", "the clocks go back", "free until Tuesday", "since Friday", "again"],
)
def test_a_time_of_the_week_is_when_somebody_is_there(after: str, then: str) -> None:
    easter = pattern(OFFICE, holidays=Holidays(country="DE"))
    assert easter.next_weekly(berlin(after), "friday", "10:00") == berlin(then)


def test_who_is_never_there_never_will_be() -> None:
    never = pattern({"monday": ()})
    moment = berlin("2026-11-23 10:00")
    assert (never.is_open(moment), never.next_opening(moment), never.add(moment, 1)) == (False, None, None)
    assert never.before(moment, 1) is None


def test_a_time_of_the_week_in_whose_hours_nobody_ever_is() -> None:
    assert pattern({}).next_weekly(berlin("2026-11-23 08:00"), "friday", "10:00") is None


def test_what_is_given_is_in_utc() -> None:
    hours = pattern(OFFICE)
    moment = berlin("2026-11-23 10:00")
    for given_back in (hours.add(moment, 1), hours.before(moment, 1), hours.next_opening(moment)):
        assert given_back is not None
        assert given_back.tzinfo is UTC


moments = st.datetimes(datetime(2025, 12, 1), datetime(2027, 1, 31)).map(lambda naive: naive.replace(tzinfo=UTC))  # noqa: DTZ001
zones = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/Havana", "Asia/Beirut", "Asia/Kathmandu", "Australia/Lord_Howe"]
)
clocks = st.integers(0, 24 * 4).map(lambda quarter: f"{quarter // 4:02}:{quarter % 4 * 15:02}")
countries = st.sampled_from([None, Holidays(country="DE", subdivision="BY"), Holidays(country="LB")])
days_off = st.dates(date(2025, 12, 1), date(2027, 2, 28)).map(date.isoformat)


@st.composite
def patterns(draw: st.DrawFn) -> WorkingHours:
    days: dict[Day, tuple[str, ...]] = {}
    for day in ROUND_THE_CLOCK:
        times = sorted(draw(st.sets(clocks, max_size=4)))
        days[day] = tuple(f"{begin}-{end}" for begin, end in zip(times[::2], times[1::2], strict=False))
    days["wednesday"] = ("01:00-05:00",)
    closed = tuple(draw(st.lists(days_off, max_size=20)))
    return pattern(days, draw(zones), draw(countries), closed)


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


@settings(max_examples=50)
@given(patterns(), moments, st.integers(1, 200), st.integers(1, 200))
def test_waiting_twice_is_waiting_for_as_long_as_both(
    hours: WorkingHours, moment: datetime, first: int, second: int
) -> None:
    between = hours.add(moment, first / 4)
    assert between is not None
    assert hours.add(between, second / 4) == hours.add(moment, (first + second) / 4)


@given(patterns(), moments, st.integers(1, 200))
def test_so_long_before_is_from_where_it_is_so_long_after(hours: WorkingHours, moment: datetime, quarters: int) -> None:
    begins = hours.next_opening(moment)
    assert begins is not None
    end = hours.add(begins, quarters / 4)
    assert end is not None
    assert hours.before(end, quarters / 4) == begins


@given(patterns(), moments, st.integers(1, 16))
def test_the_working_time_in_between_is_what_was_added(hours: WorkingHours, moment: datetime, quarters: int) -> None:
    moment = moment.replace(second=0, microsecond=0)
    end = hours.add(moment, quarters / 4)
    assert end is not None
    near = max(moment, end - timedelta(days=2))
    left = quarters * 15 - open_minutes(hours, near, end)
    assert left == 0 or (near > moment and left > 0)
    assert hours.next_opening(end - timedelta(seconds=1)) == end - timedelta(seconds=1)


@settings(max_examples=30)
@given(patterns(), days_off, st.integers(0, 47))
def test_nobody_is_there_on_a_free_day(hours: WorkingHours, day: str, half_hours: int) -> None:
    free = replace(hours, closed=hours.closed | {day})
    midnight = datetime.fromisoformat(day).replace(tzinfo=hours.zone)
    moment = midnight.replace(hour=half_hours // 2, minute=half_hours % 2 * 30)
    if moment.astimezone(UTC).astimezone(hours.zone).date().isoformat() == day:
        assert not free.is_open(moment)
    assert free.on(midnight.date()) == ()
