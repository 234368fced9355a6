"""The header ``Retry-After`` of an answer (RFC 9110, 10.2.3), and the dates of headers. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime


def asked_pause(retry_after: str | None, now: datetime) -> timedelta | None:
    """Return the pause that ``Retry-After`` asks for, in seconds or until a date (RFC 9110, 10.2.3); else None."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=min(int(retry_after[:9]), 10**6))
    until = http_date(retry_after)
    return max(until - now, timedelta(0)) if until is not None else None


def http_date(header: str) -> datetime | None:
    """Return the moment that a header such as ``Date`` names (RFC 9110, 5.6.7); None when it names none."""
    try:
        date = parsedate_to_datetime(header)
    except (ValueError, OverflowError):
        return None
    return date if date.tzinfo else None
