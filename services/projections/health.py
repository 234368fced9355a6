"""Whether this process can do its work: asked of the servers by real round trips."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

import nats.errors
import psycopg
from nats.aio.client import Client
from psycopg_pool import PoolTimeout

from services.projections.reading import Pool

_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """``status`` is ok when every server answered; the others say what is wrong with them, or ``ok``."""

    status: Literal["ok", "unavailable"]
    nats: str
    postgresql: str


class HealthCheck:
    """Asks NATS and PostgreSQL, each with a time-out."""

    def __init__(self, client: Client, pool: Pool) -> None:
        self._client = client
        self._pool = pool

    async def __call__(self) -> Health:
        """Return how the servers answered just now."""
        nats_answer, postgresql = await asyncio.gather(self._nats(), self._postgresql())
        well = nats_answer == postgresql == "ok"
        return Health(status="ok" if well else "unavailable", nats=nats_answer, postgresql=postgresql)

    async def _nats(self) -> str:
        try:
            await self._client.jetstream(timeout=_SECONDS).account_info()
        except (nats.errors.Error, TimeoutError) as error:
            return f"JetStream did not answer within {_SECONDS:.0f} s ({type(error).__name__})"
        return "ok"

    async def _postgresql(self) -> str:
        try:
            async with asyncio.timeout(_SECONDS), self._pool.connection(timeout=_SECONDS) as connection:
                await connection.execute("SELECT 1")
        except (psycopg.Error, PoolTimeout, TimeoutError) as error:
            return f"PostgreSQL did not answer within {_SECONDS:.0f} s ({type(error).__name__})"
        return "ok"
