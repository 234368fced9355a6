"""What is said of an outage of PostgreSQL by the many who notice it."""

from __future__ import annotations

import time
from typing import Final

import eventsourcing.persistence
import psycopg
import structlog

AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    eventsourcing.persistence.OperationalError,
    eventsourcing.persistence.InterfaceError,
)
"""What is raised when PostgreSQL does not answer."""

log = structlog.get_logger()


class Outage:
    """Says once that PostgreSQL is away, and once that it is back, whoever asks how often meanwhile."""

    def __init__(self) -> None:
        self._without: set[str] = set()
        self._since: float | None = None

    def noticed(self, who: str, error: Exception) -> None:
        """Note that ``who`` gets no answer."""
        self._without.add(who)
        if self._since is None:
            self._since = time.monotonic()
            log.warning("postgres.away", error=" ".join(str(error).split()) or type(error).__name__)

    def over(self, who: str) -> None:
        """Note that ``who`` was answered: it is over when nobody else is left without."""
        self._without.discard(who)
        if self._since is not None and not self._without:
            log.info("postgres.back", after=f"{time.monotonic() - self._since:.0f} s")
            self._since = None

    def ended(self, who: str) -> None:
        """Note that ``who`` asks no more."""
        self._without.discard(who)
