"""The connection to NATS of a command: it tries for a few seconds, and what fails is raised once and not logged too."""

from __future__ import annotations

from typing import Final

from shared.nats_address import NatsAddress
from shared.nats_client import QuickClient

_ATTEMPTS: Final = 20
_WAIT_SECONDS: Final = 0.25


async def connect_for_command(url: str, name: str) -> QuickClient:
    """Connect as ``name``; raises nats.errors.Error or OSError when no server answers for five seconds."""
    address = NatsAddress.of(url)
    client = QuickClient()
    await client.connect(
        address.servers,
        inbox_prefix=address.inbox_prefix,
        name=name,
        connect_timeout=5,
        reconnect_time_wait=_WAIT_SECONDS,  # type: ignore[arg-type]
        max_reconnect_attempts=_ATTEMPTS,
        error_cb=_ignore,
    )
    return client


async def _ignore(_error: Exception) -> None:
    """Whatever was asked for fails by itself; nothing is to be said twice."""
