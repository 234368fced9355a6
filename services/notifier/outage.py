"""What is said of an outage of PostgreSQL by the many who notice it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Final

import eventsourcing.persistence
import psycopg
import structlog

from shared.event_store.errors import FencedError

AWAY: Final = (
    psycopg.OperationalError,
    psycopg.InterfaceError,
    eventsourcing.persistence.OperationalError,
    eventsourcing.persistence.InterfaceError,
)
"""What is raised when PostgreSQL does not answer."""
RETRY_SECONDS: Final = 1.0

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

    async def keep(
        self, who: str, turn: Callable[[], Awaitable[None]], waiting: str, *, pause: float = RETRY_SECONDS, **about: str
    ) -> None:
        """Take turns until cancelled or under another owner, ``pause`` seconds after each, whatever it raised.

        What is no outage is logged as ``waiting`` with ``about``.
        """
        try:
            while True:
                try:
                    await turn()
                except FencedError:
                    return
                except AWAY as error:
                    self.noticed(who, error)
                except Exception:
                    log.exception(waiting, **about)
                await asyncio.sleep(pause)
        finally:
            self.ended(who)
