"""When people work: hours, leave, time zones."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifier.availability import candidate, look_again_at, next_working_moment, within_hours
from services.notifier.touch_state import GivenBack
from shared.contracts.policy import Holidays, Hours, Leave, Responder
from tests.notifier.people import ALWAYS, MONDAY, OFFICE, WORKDAYS, at, need, policy, responder

HELD = policy()


def away(*leaves: tuple[str, str], hours: Hours = OFFICE) -> Responder:
    return responder("mira", leave=tuple(Leave(first=first, last=last) for first, last in leaves), hours=hours)


@pytest.mark.parametrize(
    ("who", "opening"),
    [
        (away(), MONDAY),
        (away(("2026-11-23", "2026-11-23")), at(24)),
        (away(("2026-11-24", "2026-11-25"), ("2026-11-23", "2026-11-24")), at(72)),
        (away(("2026-11-23", "2026-11-27")), at(7 * 24)),
        (away(("2026-11-23", "2026-11-24"), hours=ALWAYS), at(39)),
        (away(("2026-11-20", "9999-12-31")), at(1)),
        (responder("mira", hours=Hours(timezone="UTC", days={})), at(1)),
    ],
)
def test_the_next_working_moment_is_after_leave(who: Responder, opening: datetime) -> None:
    assert next_working_moment(HELD, who, MONDAY) == opening


days = st.dates(date(2026, 11, 20), date(2026, 12, 10))


@settings(max_examples=50)
@given(st.lists(st.tuples(days, days).map(sorted), max_size=4), st.lists(days, max_size=4), st.integers(0, 24 * 14))
def test_whoever_is_away_works_next_when_leave_and_closed_days_are_over(
    leaves: list[list[date]], closed: list[date], hours: int
) -> None:
    kiribati = Hours(
        timezone="Pacific/Kiritimati",
        days=dict.fromkeys(WORKDAYS, ("07:00-12:00", "22:00-24:00")),
        closed=tuple(map(str, closed)),
    )
    who = away(*((str(first), str(last)) for first, last in leaves), hours=kiribati)
    now = at(hours)
    opening = next_working_moment(HELD, who, now)
    there = opening.astimezone(ZoneInfo("Pacific/Kiritimati"))
    assert there.weekday() < 5
    assert there.date() not in closed
    assert not any(first <= there.date() <= last for first, last in leaves)
    assert within_hours(HELD, who, opening)
    waits = [now + timedelta(minutes=30 * n) for n in range(int((opening - now) / timedelta(minutes=30)))]
    assert not any(within_hours(HELD, who, moment) for moment in waits)


def test_leave_is_by_the_days_of_the_responders_own_zone() -> None:
    yuki = responder(
        "yuki",
        hours=Hours(timezone="Asia/Tokyo", days=dict.fromkeys(WORKDAYS, ("08:00-12:00",))),
        leave=(Leave(first="2026-11-24", last="2026-11-24"),),
    )
    tuesday_there = datetime(2026, 11, 23, 23, 30, tzinfo=UTC)
    assert not within_hours(HELD, yuki, tuesday_there)
    assert within_hours(HELD, yuki, tuesday_there + timedelta(days=1))
    assert within_hours(HELD, yuki, tuesday_there - timedelta(days=1))


def test_hours_keep_their_wall_time_when_the_clocks_change() -> None:
    berlin = responder("mira", hours=Hours(timezone="Europe/Berlin", days={"monday": ("09:00-17:00",)}))
    before_summer_time, after = (datetime(2026, 3, day, 9, 0, tzinfo=UTC) - timedelta(hours=2) for day in (23, 30))
    assert next_working_moment(HELD, berlin, before_summer_time) == datetime(2026, 3, 23, 8, 0, tzinfo=UTC)
    assert next_working_moment(HELD, berlin, after) == datetime(2026, 3, 30, 7, 0, tzinfo=UTC)


def test_what_waits_is_looked_at_when_somebody_begins_and_within_the_hour() -> None:
    assert look_again_at(policy(away()), at(-0.5)) == MONDAY
    assert look_again_at(policy(away()), at(-5)) == at(-4)
    assert look_again_at(policy(away()), MONDAY) == at(1), "who works already does not begin"
    assert look_again_at(policy(), MONDAY) == at(1)


def test_a_candidate_says_until_when_they_are_not_there() -> None:
    late = candidate(policy(away()), away(), need(), at(9))
    assert (late.hold, late.why) == ("outside-hours", "outside working hours until Tue 24 Nov 09:00 UTC")


def test_a_candidate_says_that_it_is_a_holiday() -> None:
    ireland = away(hours=replace(OFFICE, holidays=Holidays(country="IE"), closed=("2026-12-24",)))
    for day in (24, 25):
        held = candidate(policy(ireland), ireland, need(), datetime(2026, 12, day, 10, tzinfo=UTC))
        assert (held.hold, held.why) == ("outside-hours", "a holiday or closed day until Mon 28 Dec 09:00 UTC")


def test_who_gave_it_back_is_not_asked_again_that_day() -> None:
    gave = (GivenBack(responder="mira", at=at(1)),)
    assert candidate(HELD, away(), need(), at(7), gave).hold == "given-back"
    assert candidate(HELD, away(), need(), at(24), gave).hold is None
    assert candidate(HELD, responder("jonas"), need(), at(7), gave).hold is None
