"""What would have made the difference, in words for people."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

_MINUTES: Final = ((24 * 60, "day", "days"), (60, "h", "h"), (1, "min", "min"))


def within(deed: str, time: timedelta) -> str:
    """Return ``deed`` and the time there was for it, by its two largest units: ``a reply within 3 h 10 min``."""
    return f"{deed} within {length(time)}"


def fainter(least: float) -> str:
    """Return what would not have been shown, ``least`` being the lowest score that is: of the sign, not of anybody."""
    return f"a fainter sign: a score below {least:g}"


def length(time: timedelta) -> str:
    """Return how long that is, by its two largest units: ``3 h 10 min``."""
    left = round(time / timedelta(minutes=1))
    words: list[tuple[int, str]] = []
    for size, one, more in _MINUTES:
        count, left = divmod(left, size)
        if count or words:
            words.append((count, one if count == 1 else more))
    told = [f"{count} {unit}" for count, unit in words[:2] if count]
    return " ".join(told) or "a minute"
