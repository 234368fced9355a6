"""The lines of IRC logs, as irssi, WeeChat, ZNC and the logs of Ubuntu's channels have them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, tzinfo
from typing import Final, Literal

from services.ingest.platforms.irc import Said

_STAMP: Final = re.compile(
    r"\[?(?:(?P<date>\d{4}-\d\d-\d\d)[ T])?(?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d))?(?:Z|\.\d+)?\]?(?=\s)"
)
_SAID: Final = re.compile(r"\s+<(?P<mode>[ @+%&~])?(?P<nick>[^\s<>]{1,64})> ?(?P<text>.*)")
_ACTION: Final = re.compile(r"\s+\*\s+(?P<nick>[^\s*]{1,64})\s(?P<text>.*)")
_TABBED: Final = re.compile(r"\t *(?P<mode>[@+%&~])?(?P<nick>[^\s@+%&~<=-][^\s]{0,63})\t(?P<text>.*)")
_NOT_DONE: Final = re.compile(
    r"\s+\*\s+(?:(?:Joins|Parts|Quits):\s|\S+\s+(?:[\[(]\S*@\S*[\])]|sets mode\b|is now known as \S+\s*$"
    r"|has (?:joined|left|quit|parted)(?:\s+(?:[#&(\[]|IRC\b)|\s*$)))"
)
"""What some clients write as if it was done by a member: whence they came, which is no matter of anybody."""
_RENAMED: Final = re.compile(r"(?:^|\s)(?P<old>[^\s]{1,64}) is now known as (?P<new>[^\s]{1,64})\s*$")
_MOVED: Final = re.compile(
    r" has (?:joined|left|quit|parted)\b|\* (?:Joins|Parts|Quits):\s|\*\s+\S+\s+[\[(]\S*@\S*[\])]"
)
_NOTICE: Final = re.compile(r"\s+-[^\s!-][^\s]{0,80}- ")
_DAY: Final = re.compile(
    r"--- (?:Log opened|Day changed)\s+\w{3} (?P<month>\w{3}) +(?P<day>\d{1,2})"
    r"(?: \d\d:\d\d:\d\d)? (?P<year>\d{4})"
)
_ISO_DAY: Final = re.compile(r"(?<!\d)(\d{4})-?(\d\d)-?(\d\d)(?!\d)")
_MONTHS: Final = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SETBACK: Final = timedelta(hours=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Renamed:
    """Somebody goes by another nick from here on."""

    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Other:
    """A line that nobody said; ``why`` is what it is instead."""

    why: Literal["coming or going", "a change of nick", "a notice", "of the log itself", "not a line of IRC", "no date"]


def day_in(name: str) -> date | None:
    """Return the day in the name of a file."""
    for match in _ISO_DAY.finditer(name):
        try:
            return date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            continue
    return None


def read_lines(lines: Sequence[str], day: date | None, zone: tzinfo) -> Iterator[Said | Renamed | Other]:
    """Yield what each of ``lines`` is. ``day`` holds until a line names another; the clock's zone is ``zone``."""
    clock = _Clock(day=day, zone=zone, half_days=_has_half_days(lines))
    for line in lines:
        if (turned := _day_of(line)) is not None:
            clock.turn(turned)
            yield Other(why="of the log itself")
        elif (stamp := _STAMP.match(line)) is not None:
            yield _stamped(line[stamp.end() :], stamp, clock)
        elif (renamed := _RENAMED.search(line)) is not None:
            yield Renamed(old=renamed["old"], new=renamed["new"])
        else:
            yield Other(why=_why_not(line))


def _stamped(rest: str, stamp: re.Match[str], clock: _Clock) -> Said | Renamed | Other:
    said = _SAID.fullmatch(rest)
    if said is None and not _NOT_DONE.match(rest):
        said = _ACTION.fullmatch(rest) or _TABBED.fullmatch(rest)
    try:
        at = clock.at(stamp)
    except ValueError:
        return Other(why="not a line of IRC")
    if said is None:
        renamed = _RENAMED.search(rest)
        return Renamed(old=renamed["old"], new=renamed["new"]) if renamed else Other(why=_why_not(rest))
    if at is None:
        return Other(why="no date")
    return Said(stamp=at[0], time=at[1], nick=said["nick"], text=said["text"])


def _why_not(rest: str) -> Literal["coming or going", "a notice", "of the log itself", "not a line of IRC"]:
    if _MOVED.search(rest):
        return "coming or going"
    if _NOTICE.match(rest):
        return "a notice"
    return "of the log itself" if rest.lstrip().startswith(("--", "*", "===", "-!-")) else "not a line of IRC"


@dataclass(slots=True, kw_only=True)
class _Clock:
    """Turns stamps into times. Where the clock goes back, a day has passed, or half of one if it counts to twelve."""

    day: date | None
    zone: tzinfo
    half_days: bool
    _passed: timedelta = field(default=timedelta())
    _last: datetime | None = None
    _of_stamp: int = 0

    def turn(self, day: date) -> None:
        self.day, self._passed, self._last = day, timedelta(), None

    def at(self, stamp: re.Match[str]) -> tuple[datetime, datetime] | None:
        """Return the time of a stamp and that of the line; None without a day, ValueError for what is no time."""
        clock = time(int(stamp["hour"]), int(stamp["minute"]), int(stamp["second"] or 0))
        if stamp["date"]:
            self.turn(date.fromisoformat(stamp["date"])) if stamp["date"] != str(self.day) else None
        if self.day is None:
            return None
        now = datetime.combine(self.day, clock) + self._passed
        while self._last is not None and now < self._last - _SETBACK and not stamp["date"]:
            step = timedelta(hours=12 if self.half_days else 24)
            self._passed, now = self._passed + step, now + step
        self._of_stamp = self._of_stamp + 1 if now == self._last else 0
        self._last = now
        zoned = now.replace(tzinfo=self.zone)
        return zoned, zoned + timedelta(milliseconds=min(self._of_stamp, 999))


def _has_half_days(lines: Sequence[str]) -> bool:
    hours = {stamp["hour"] for line in lines if (stamp := _STAMP.match(line)) is not None}
    return bool(hours) and all("01" <= hour <= "12" for hour in hours)


def _day_of(line: str) -> date | None:
    match = _DAY.match(line)
    if match is None or match["month"] not in _MONTHS:
        return None
    try:
        return date(int(match["year"]), _MONTHS.index(match["month"]) + 1, int(match["day"]))
    except ValueError:
        return None
