"""Hours that pass and days that exist: time zones, intervals, holidays, closed days and leave."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from datetime import date
from functools import cache
from itertools import pairwise
from zoneinfo import available_timezones

from shared.policy.document import Document, Finding, Path
from shared.public_holidays import subdivisions_by_country


def hours(document: Document) -> Iterator[Finding]:
    """Time zones exist, some day has hours, and a day's intervals neither end before they begin nor overlap."""
    for place in _places(document):
        timezone = document.get(*place, "timezone")
        if timezone is not None and timezone not in _timezones():
            near = difflib.get_close_matches(timezone, _timezones(), n=1)
            hint = f"Did you mean '{near[0]}'?" if near else "Write region and city, such as Europe/Berlin, or UTC."
            yield document.error((*place, "timezone"), f"there is no time zone {timezone!r}", hint)
        days = document.get(*place, "days")
        if days is not None and not any(days.values()):
            yield document.error(
                (*place, "days"), "no day has hours", 'Name at least one day, such as monday: ["09:00-17:00"].'
            )
        for day in days or {}:
            yield from _intervals(document, (*place, "days", day))


def _intervals(document: Document, day: Path) -> Iterator[Finding]:
    sound = []
    for path, interval in document.items(*day):
        begin, end = interval.split("-")
        if end <= begin:
            yield document.error(
                path,
                f"{interval} ends before it begins",
                f'For work past midnight write "{begin}-24:00" here and "00:00-{end}" on the next day.'
                if end != begin
                else "Write an end later than the beginning; the whole day is 00:00-24:00.",
            )
        else:
            sound.append((begin, end, path))
    sound.sort(key=lambda each: each[:2])
    for (_, end, first), (begin, _, second) in pairwise(sound):
        if begin < end:
            earlier, later = sorted((first, second), key=lambda path: int(path[-1]))
            yield document.error(
                later,
                f"{document.get(*later)} overlaps {document.get(*earlier)}",
                "Join them into one, or let one end where the other begins.",
            )


def free_days(document: Document) -> Iterator[Finding]:
    """Holidays are known of the country and the part of it, and closed days exist."""
    for place in _places(document):
        yield from _holidays(document, (*place, "holidays"))
        for path, text in document.items(*place, "closed"):
            if _day(text) is None:
                yield _no_day(document, path, text)


def _holidays(document: Document, place: Path) -> Iterator[Finding]:
    country, part = document.get(*place, "country"), document.get(*place, "subdivision")
    if country is None:
        return
    known = subdivisions_by_country()
    if country not in known:
        near = [each for each in known if each[0] == country[0]]
        yield document.error(
            (*place, "country"),
            f"no holidays are known of a country {country!r}",
            f"Write its two letters as of ISO 3166; those that begin with {country[0]}: {', '.join(near) or 'none'}.",
        )
    elif part is not None and part not in known[country]:
        parts = ", ".join(known[country])
        yield document.error(
            (*place, "subdivision"),
            f"{country} has no part {part!r} with holidays of its own",
            f"Write one of: {parts}." if parts else "Leave it out: the whole country has the same holidays.",
        )


def _places(document: Document) -> list[Path]:
    own = [(*path, "hours") for path, responder in document.items("responders") if "hours" in responder]
    return [("hours",), *own]


def leave(document: Document) -> Iterator[Finding]:
    """Leave lies on real days and ends no earlier than it begins."""
    for path, _ in document.items("responders"):
        for place, leave in document.items(*path, "leave"):
            days = {}
            for name, text in leave.items():
                if (day := _day(text)) is not None:
                    days[name] = day
                else:
                    yield _no_day(document, (*place, name), text)
            if len(days) == 2 and days["last"] < days["first"]:
                yield document.error(
                    (*place, "last"),
                    f"the leave ends on {leave['last']}, before it begins on {leave['first']}",
                    "Exchange the two, or correct one.",
                )


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _no_day(document: Document, place: Path, text: str) -> Finding:
    return document.error(place, f"there is no day {text}", "Write year, month and day.")


@cache
def _timezones() -> frozenset[str]:
    return frozenset(available_timezones())
