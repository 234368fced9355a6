"""Working hours: arithmetic on a week of intervals in one time zone, less the days on which nobody is there."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from shared.contracts.policy import Holidays, Hours
from shared.contracts.policy_measures import Day
from shared.public_holidays import public_holidays

_DAYS: tuple[Day, ...] = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_HORIZON_DAYS = 157 * 7  # three years
_TWO_DAYS = timedelta(days=2)
_Interval = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True, eq=False)
class WorkingHours:
    """A weekly pattern of hours, but for holidays and closed days.

    All times taken and given are aware; those given are in UTC.
    """

    zone: ZoneInfo
    week: tuple[tuple[tuple[int, int], ...], ...]
    holidays: Holidays | None = None
    closed: frozenset[str] = frozenset()

    @staticmethod
    def of(hours: Hours) -> WorkingHours:
        """Return the pattern that the policy words; raises zoneinfo.ZoneInfoNotFoundError for an unknown zone."""
        key = tuple((day, hours.days.get(day, ())) for day in _DAYS)
        return _compiled(hours.timezone, key, hours.holidays, hours.closed)

    def is_open(self, moment: datetime) -> bool:
        """Tell whether ``moment`` lies within working hours."""
        local = moment.astimezone(self.zone)
        return any(start <= moment < end for start, end in self.on(local.date()))

    def is_free(self, day: date) -> bool:
        """Tell whether ``day`` is a public holiday or a closed day, whatever the week says of it."""
        if self.closed and day.isoformat() in self.closed:
            return True
        free = self.holidays
        return free is not None and day in public_holidays(free.country, free.subdivision, day.year)

    def on(self, day: date) -> tuple[_Interval, ...]:
        """Return the beginnings and ends of the hours of ``day``, earliest first."""
        spans = self.week[day.weekday()]
        return () if not spans or self.is_free(day) else _intervals_on(self.zone, spans, day)

    def next_opening(self, moment: datetime) -> datetime | None:
        """Return ``moment`` if open, else the next time that hours begin; None when they never do."""
        for start, end in self._from(moment):
            if end > moment:
                return max(start, moment).astimezone(UTC)
        return None

    def next_weekly(self, moment: datetime, day: Day, clock: str) -> datetime | None:
        """Return when, past ``moment``, it is ``clock`` on ``day`` or hours next begin then; None if they never do."""
        today = moment.astimezone(self.zone).date()
        # What was due days ago may have been put off by holidays that last yet.
        first = today + timedelta(days=(_DAYS.index(day) - today.weekday()) % 7 - 7)
        for week in range(3):
            midnight = datetime.combine(first + timedelta(weeks=week), time(), tzinfo=self.zone)
            opening = self.next_opening(_at(midnight, _minute(clock)))
            if opening is not None and opening > moment:
                return opening
        return None

    def add(self, moment: datetime, hours: float) -> datetime | None:
        """Return when ``hours`` of working time have passed since ``moment``; None when they never do."""
        since, left = moment.astimezone(UTC), timedelta(hours=hours)
        for start, end in self._from(since):
            if end <= since:
                continue
            begin = max(since, start)
            open_for = end - begin
            if left <= open_for:
                return begin + left
            left -= open_for
        return None

    def before(self, moment: datetime, hours: float) -> datetime | None:
        """Return since when ``hours`` of working time have passed at ``moment``; None when they never had."""
        until, left = moment.astimezone(UTC), timedelta(hours=hours)
        for start, end in self._back_from(until):
            finish = min(until, end)
            if finish <= start:
                continue
            if left <= finish - start:
                return finish - left
            left -= finish - start
        return None

    def _back_from(self, moment: datetime) -> Iterator[_Interval]:
        if any(self.week):
            last = moment.astimezone(UTC).date() + _TWO_DAYS
            for offset in range(6, _HORIZON_DAYS, 7):
                yield from reversed(_week_from(self, last - timedelta(days=offset)))

    def _from(self, moment: datetime) -> Iterator[_Interval]:
        if any(self.week):
            # The day there may be another than in UTC, and its hours may have begun the day before.
            day = moment.astimezone(UTC).date() - _TWO_DAYS
            yield from _week_from(self, day)
            for offset in range(7, _HORIZON_DAYS, 7):
                yield from _week_from(self, day + timedelta(days=offset))


@lru_cache(maxsize=1024)
def _week_from(hours: WorkingHours, day: date) -> tuple[_Interval, ...]:
    days = [day + timedelta(days=offset) for offset in range(7)]
    return tuple(interval for one in days for interval in hours.on(one))


def _intervals_on(zone: ZoneInfo, spans: tuple[tuple[int, int], ...], day: date) -> tuple[_Interval, ...]:
    midnight = datetime.combine(day, time(), tzinfo=zone)
    intervals: list[_Interval] = []
    for begin, end in spans:
        start, until = _at(midnight, begin).astimezone(UTC), _at(midnight, end).astimezone(UTC)
        # Where the clocks leave out an hour, what ends in it reaches beyond it, and what begins in it may be over then.
        if intervals:
            start = max(start, intervals[-1][1])
        if start < until:
            intervals.append((start, until))
    return tuple(intervals)


def _at(midnight: datetime, minutes: int) -> datetime:
    # Wall time, so that 09:00 stays 09:00 on the day that the clocks change.
    if minutes == 24 * 60:
        return midnight + timedelta(days=1)
    return midnight.replace(hour=minutes // 60, minute=minutes % 60)


@lru_cache(maxsize=1024)
def _compiled(
    zone: str, days: tuple[tuple[Day, tuple[str, ...]], ...], holidays: Holidays | None, closed: tuple[str, ...]
) -> WorkingHours:
    week = tuple(tuple(sorted(_minutes(interval) for interval in spans)) for _, spans in days)
    return WorkingHours(ZoneInfo(zone), week, holidays, frozenset(closed))


def _minutes(interval: str) -> tuple[int, int]:
    start, _, end = interval.partition("-")
    return _minute(start), _minute(end)


def _minute(clock: str) -> int:
    hour, _, minute = clock.partition(":")
    return int(hour) * 60 + int(minute)
