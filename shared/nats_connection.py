"""The connection of a service to NATS: it reconnects for ever, tells what happens, and never dies in silence."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

import structlog
from nats.aio.client import Client

from shared.nats_address import NatsAddress
from shared.nats_client import QuickClient

_log = structlog.get_logger()
_RECONNECT_SECONDS: Final = 0.25
_REMIND_SECONDS: Final = 10.0
_DENIED: Final = "permissions violation"
_DENIED_DETAIL: Final = (
    "the NATS server does not let this service do what it tried, so it will seem not to answer: give "
    "WARMLINE_NATS_URL this service's own user, and the server the configuration of this version of Warmline"
)


@asynccontextmanager
async def nats_connection(url: str, name: str) -> AsyncIterator[Client]:
    """Connect to ``url`` as ``name`` and close at the end; waits, with log lines, until a server answers.

    A client that closes by itself can do no more good, so the process is asked to end (SIGTERM) and its supervisor
    starts it anew.
    """
    stopping = False
    said: dict[str, float] = {}

    async def on_error(error: Exception) -> None:
        text, now = str(error) or type(error).__name__, time.monotonic()
        if now - said.get(text, -_REMIND_SECONDS) >= _REMIND_SECONDS:  # every attempt to reconnect fails alike
            said.clear()
            said[text] = now
            if _DENIED in text.lower():
                _log.error("nats_denied", error=text, detail=_DENIED_DETAIL)
            else:
                _log.warning("nats_error", error=text)

    async def on_disconnected() -> None:
        if not stopping:
            _log.warning("nats_disconnected")

    async def on_reconnected() -> None:
        _log.info("nats_reconnected")

    async def on_closed() -> None:
        if not stopping:
            _log.error("nats_closed", detail="the connection to NATS is closed for good: this process ends")
            os.kill(os.getpid(), signal.SIGTERM)

    address = NatsAddress.of(url)
    nc = QuickClient()
    await nc.connect(
        address.servers,
        inbox_prefix=address.inbox_prefix,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=_RECONNECT_SECONDS,  # type: ignore[arg-type]
        connect_timeout=2,
        ping_interval=5,
        max_outstanding_pings=2,
        error_cb=on_error,
        disconnected_cb=on_disconnected,
        reconnected_cb=on_reconnected,
        closed_cb=on_closed,
    )
    try:
        yield nc
    finally:
        stopping = True
        await nc.close()
