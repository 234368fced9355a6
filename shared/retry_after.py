"""The header ``Retry-After`` of an answer (RFC 9110, 10.2.3). Pure."""

from __future__ import annotations

from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime


def asked_pause(retry_after: str | None, now: datetime) -> timedelta | None:
    """Return the pause that ``Retry-After`` asks for, in seconds or until a date (RFC 9110, 10.2.3); else None."""
    if retry_after is None:
        return None
    if retry_after.isascii() and retry_after.isdigit():
        return timedelta(seconds=min(int(retry_after[:9]), 10**6))
    try:
        asked = parsedate_to_datetime(retry_after)
    except (ValueError, OverflowError):
        return None
    return max(asked - now, timedelta(0)) if asked.tzinfo else None
