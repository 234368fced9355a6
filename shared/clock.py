"""The wall clock, as a thing that can be given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

Clock = Callable[[], datetime]


def wall_clock() -> datetime:
    """Return what this machine's clock says now, in UTC."""
    return datetime.now(UTC)
