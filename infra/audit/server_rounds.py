"""When the auditor asks NATS and PostgreSQL for their own figures."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Final, TypeVar

import structlog

from infra.audit.eyes import BusEye, DatabaseEye
from infra.audit.nats_figures import nats_figures
from infra.audit.postgresql_figures import postgresql_figures
from infra.audit.server_measures import ServerMeasures
from infra.looking.look import Away

_LEAST_SECONDS: Final = 10.0
_SHARE: Final = 0.02
"""The most of the time that the asking may take, most of which is waiting for answers."""
_log = structlog.get_logger()

T = TypeVar("T")


class ServerRounds:
    """Asks both now and then. Of a server that does not answer nothing is told until it does."""

    def __init__(self, measures: ServerMeasures) -> None:
        self._measures = measures
        self._due = 0.0

    async def make(self, database: DatabaseEye | None, bus: BusEye | None, now: float) -> None:
        """Ask, if it is time at ``now`` (seconds that only grow). None stands for a server that is known to be away."""
        if bus is None:
            self._measures.nats = None
        if database is None:
            self._measures.postgresql = None
        if now < self._due:
            return
        began = time.monotonic()
        if bus is not None:
            self._measures.nats = await _figures("NATS", bus.see(nats_figures))
        if database is not None:
            self._measures.postgresql = await _figures("PostgreSQL", database.see(postgresql_figures))
        self._due = now + max(_LEAST_SECONDS, (time.monotonic() - began) / _SHARE)


async def _figures(name: str, seeing: Awaitable[T | Away]) -> T | None:
    try:
        seen = await seeing
    except Exception as error:  # noqa: BLE001 -- what is measured must not blind the watch
        _log.error("audit.figures_failed", server=name, exc_info=error)
        return None
    if isinstance(seen, Away):
        _log.warning("audit.figures_failed", server=name, error=seen.why)
        return None
    return seen
