"""Whether ingest can do its work: found out by real round trips."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final, Literal

from nats.aio.client import Client
from nats.errors import Error as NatsError

from services.ingest.database import Database, DatabaseUnavailableError
from shared.contracts.subjects import MEMBER_EVENTS
from shared.publisher import DurablePublisher

_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """``status`` is ok only if both parts are; a part that is not says what is wrong."""

    status: Literal["ok", "unavailable"]
    nats: str
    postgres: str


async def check_health(nc: Client, database: Database, publisher: DurablePublisher) -> Health:
    """Ask NATS for the stream and PostgreSQL for a number, for two seconds each.

    A stream that answers may still store nothing, as after a full disk: what failed last counts, too.
    """
    nats, postgres = await asyncio.gather(_nats(nc), _postgres(database))
    if nats == "ok" and publisher.trouble is not None:
        nats = (
            f"does not store events: {publisher.trouble}. If its disk was full, make room. An embedded NATS is then "
            "started anew by itself; restart any other, which does not write to that stream again before"
        )
    return Health(status="ok" if nats == postgres == "ok" else "unavailable", nats=nats, postgres=postgres)


async def _nats(nc: Client) -> str:
    if not nc.is_connected:
        return "not connected"
    jetstream = nc.jetstream(timeout=_SECONDS)
    try:
        async with asyncio.timeout(_SECONDS):
            await jetstream.account_info()
            await jetstream.stream_info(MEMBER_EVENTS)
    except (NatsError, TimeoutError) as error:
        return f"the stream {MEMBER_EVENTS} does not answer: {str(error) or type(error).__name__}"
    return "ok"


async def _postgres(database: Database) -> str:
    try:
        async with asyncio.timeout(_SECONDS), database.transaction() as connection:
            await connection.execute("SELECT 1")
    except (DatabaseUnavailableError, TimeoutError):
        return "does not answer"
    return "ok"
