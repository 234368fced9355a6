"""Whose silence is long is told by their own days, whatever order, zone and repetition these are reported in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.triage.rhythm import (
    DAYS_KEPT,
    Days,
    Patience,
    day_of,
    falls_silent,
    is_news,
    long_silence,
    longest_unheard,
    may_fall_silent,
    may_have_returned_on,
    returned_on,
    start_of,
    usual_gap,
    with_day,
)

PATIENCE = Patience(min_active_days=6, times_usual_gap=3, at_least=9, assumed_gap=14)
AWAY = Patience(min_active_days=4, times_usual_gap=3, at_least=60, assumed_gap=14)
TIMES = st.timedeltas(timedelta(), timedelta(days=1000)).map(lambda since: datetime(2024, 1, 1, tzinfo=UTC) + since)


def seen_on(*numbers: int) -> Days:
    days: Days = ()
    for number in numbers:
        if is_news(days, number):
            days = with_day(days, number)
    return days


def every(gap: int, *, times: int = 20) -> Days:
    return seen_on(*range(1000, 1000 + gap * times, gap))


def days_until_missed(days: Days) -> int:
    """Return on which day after the last one the member is missed."""
    missed = may_fall_silent(days, PATIENCE)
    assert missed is not None
    return day_of(missed) - days[-1]


class TestSilence:
    def test_a_daily_member_is_missed_after_ten_days(self) -> None:
        assert days_until_missed(every(1)) == 10

    def test_somebody_of_the_working_week_too(self) -> None:
        working = [day for day in range(1000, 1060) if (day % 7) < 5]
        assert days_until_missed(seen_on(*working)) == 10

    def test_a_weekly_member_after_three_weeks(self) -> None:
        assert days_until_missed(every(7)) == 22

    def test_a_monthly_member_is_not_missed_after_two_weeks(self) -> None:
        assert days_until_missed(every(30)) == 91

    def test_nor_one_who_comes_for_two_days_a_month(self) -> None:
        assert days_until_missed(seen_on(*(1000 + 30 * month + day for month in range(12) for day in (0, 1)))) > 80

    def test_one_holiday_changes_no_rhythm(self) -> None:
        assert days_until_missed(seen_on(*range(1000, 1015), *range(1045, 1060))) == 10

    def test_of_whom_little_is_known_the_assumed_gap_counts(self) -> None:
        assert usual_gap(seen_on(1, 2, 3), 14) == 14
        assert days_until_missed(seen_on(*range(1000, 1006))) == 43

    def test_who_was_hardly_there_is_not_missed(self) -> None:
        assert may_fall_silent(seen_on(*range(1000, 1005)), PATIENCE) is None
        assert may_fall_silent((), PATIENCE) is None

    @given(gap=st.integers(1, 60), times=st.integers(9, 40))
    def test_a_steady_member_is_never_missed_between_two_visits(self, gap: int, times: int) -> None:
        days = every(gap, times=times)
        assert long_silence(days, PATIENCE) >= gap
        assert days_until_missed(days) == max(10, 3 * gap + 1)


class TestSilenceOfAll:
    HEARD = seen_on(*range(1000, 1020), *range(1030, 1040))
    DAILY = seen_on(*range(1000, 1020))

    def on(self, heard: Days, today: int) -> int:
        missed = falls_silent(self.DAILY, PATIENCE, heard, start_of(today))
        assert missed is not None
        return day_of(missed)

    def test_days_on_which_nobody_was_heard_of_are_not_counted(self) -> None:
        assert self.on(self.HEARD, 1040) == 1039
        assert longest_unheard(1019, 1040, self.HEARD) == 10

    def test_nobody_is_missed_while_nobody_is_heard_of(self) -> None:
        assert [self.on(self.HEARD[:20], today) for today in (1029, 1030, 1035)] == [1038, 1039, 1044]
        assert longest_unheard(1019, 1035, self.HEARD[:20]) == 15

    def test_today_is_not_counted_before_it_is_over(self) -> None:
        assert self.on(self.HEARD[:29], 1038) == 1039

    def test_a_gap_in_which_nobody_was_heard_of_is_none_of_theirs(self) -> None:
        assert usual_gap((1019, 1030, 1039), 1, self.HEARD) == 9
        assert usual_gap((1018, 1019, 1030), 1, self.HEARD) == 1

    def test_before_anything_is_known_of_others_every_day_counts(self) -> None:
        assert self.on((), 1040) == self.on((1035, 1036), 1040) == 1029

    @given(heard=st.sets(st.integers(1000, 1060)), more=st.sets(st.integers(1000, 1060)), today=st.integers(1021, 1061))
    def test_it_is_never_missed_before_it_is_first_asked(self, heard: set[int], more: set[int], today: int) -> None:
        known, all_known = seen_on(*self.DAILY, *heard), seen_on(*self.DAILY, *heard, *more)
        first = may_fall_silent(self.DAILY, PATIENCE, known)
        assert first is not None
        assert day_of(first) <= self.on(all_known, today)


class TestReturn:
    def test_after_a_silence_that_is_long_for_them(self) -> None:
        assert returned_on((*every(1), 1100), AWAY, None, ()) == 1100
        assert returned_on((*every(1), 1060), AWAY, None, ()) is None

    def test_a_member_who_comes_every_quarter_has_not_been_away(self) -> None:
        assert returned_on(every(90), AWAY, None, ()) is None

    def test_the_day_of_the_return_stays_the_same_while_they_are_there(self) -> None:
        assert returned_on((*every(1), 1100, 1101, 1102), AWAY, None, ()) == 1100

    def test_who_was_there_only_a_few_times_does_not_return(self) -> None:
        assert returned_on((1000, 1001, 1002, 1200), AWAY, None, ()) is None

    def test_only_days_count_on_which_anybody_was_heard_of(self) -> None:
        assert returned_on((*every(1), 1100), AWAY, None, (*range(1020), 1100)) is None
        assert returned_on((*every(1), 1100), AWAY, None, (*range(1020), *range(1039, 1101))) == 1100

    @given(
        told=st.lists(st.integers(0, 400), min_size=1, max_size=20),
        heard=st.lists(st.integers(0, 400), max_size=60).map(lambda days: seen_on(*days)),
    )
    def test_no_return_is_later_than_may_be(self, told: list[int], heard: Days) -> None:
        days = seen_on(*told)
        returned, may = returned_on(days, AWAY, None, heard), may_have_returned_on(days, AWAY, None)
        assert returned is None or (may is not None and returned <= may)

    def test_after_they_were_missed(self) -> None:
        days = (*every(1), 1035)
        assert returned_on(days, AWAY, None, ()) is None
        assert returned_on(days, AWAY, 1019, ()) == 1035


class TestOrder:
    @given(data=st.data(), told=st.lists(st.integers(0, 90), min_size=1, max_size=80))
    def test_the_days_are_the_same_in_any_order_and_however_often_they_are_told(
        self, data: st.DataObject, told: list[int]
    ) -> None:
        days = seen_on(*told)
        assert seen_on(*data.draw(st.permutations(told + told))) == days == tuple(sorted(set(told))[-DAYS_KEPT:])

    @given(told=st.lists(st.integers(0, 90), min_size=1, max_size=80))
    def test_a_known_day_and_one_before_those_kept_are_no_news(self, told: list[int]) -> None:
        days = seen_on(*told)
        assert not any(is_news(days, day) for day in told)


class TestTime:
    @pytest.mark.parametrize("name", ["UTC", "Europe/Berlin", "Asia/Kolkata", "America/New_York", "Pacific/Kiritimati"])
    @given(time=TIMES)
    def test_the_zone_in_which_a_time_is_told_is_no_matter(self, name: str, time: datetime) -> None:
        assert day_of(time.astimezone(ZoneInfo(name))) == day_of(time)

    @given(time=TIMES)
    def test_a_day_begins_at_midnight_of_utc_also_when_clocks_change(self, time: datetime) -> None:
        start = start_of(day_of(time))
        assert start <= time < start + timedelta(days=1)
        assert (start.hour, start.minute, start.tzinfo) == (0, 0, UTC)
