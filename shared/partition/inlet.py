"""Where the owner of a partition reads its streams."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from nats.aio.client import Client

from shared.batch_consumer import BatchConsumer
from shared.delivery import Message
from shared.stream_identity import reader_of


class Consumer(Protocol):
    """Delivers a stream in order, each message once; ``BatchConsumer`` says what each method means and raises."""

    async def open(self) -> None: ...  # noqa: D102

    async def close(self) -> None: ...  # noqa: D102

    def take(self, most: int) -> list[Message]: ...  # noqa: D102

    async def idle_since(self) -> datetime | None: ...  # noqa: D102


class Inlet(Protocol):
    """Opens consumers."""

    async def reader_of(self, stream: str) -> str:
        """Return the name under which a position in ``stream`` is kept."""
        ...

    def consumer(self, stream: str, subjects: Sequence[str], start: int, arrived: asyncio.Event) -> Consumer:
        """Return what delivers ``stream`` after ``start``; it sets ``arrived`` when there is something to take."""
        ...


class NatsInlet:
    """Reads from NATS."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def reader_of(self, stream: str) -> str:
        """Return the name under which a position in ``stream`` is kept."""
        return await reader_of(self._client, stream)

    def consumer(self, stream: str, subjects: Sequence[str], start: int, arrived: asyncio.Event) -> Consumer:
        """Return a consumer of this process alone."""
        return BatchConsumer(self._client, stream, subjects, start, arrived)
