"""Requests as fast as they are answered: HTTP over connections that stay open, with as little in the way as can be."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import urlsplit

_LENGTH: Final = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
SINGLE: Final = "application/cloudevents+json"
ARRAY: Final = "application/cloudevents-batch+json"


class Connection(asyncio.Protocol):
    """One connection, one request at a time."""

    def __init__(self) -> None:
        self._received = bytearray()
        self._answer: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way out."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 -- a TCP connection is one
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Give the answer to whoever waits, once it is whole."""
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0 or self._answer is None:
            return
        length = _LENGTH.search(self._received, 0, end)
        whole = end + 4 + (int(length[1]) if length else 0)
        if len(self._received) >= whole:
            answer, self._answer = self._answer, None
            answer.set_result((int(self._received[9:12]), bytes(self._received[end + 4 : whole])))
            del self._received[:whole]

    def connection_lost(self, error: Exception | None) -> None:
        """Tell whoever waits."""
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(error or ConnectionError("the server closed the connection"))

    @property
    def closed(self) -> bool:
        """Whether the server has hung up: it does after some idle seconds."""
        return self._transport is None or self._transport.is_closing()

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Return status and body of the answer; raises ConnectionError."""
        if self._transport is None or self._transport.is_closing():
            raise ConnectionError("the server has closed the connection")
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._answer

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


async def connect(url: str) -> Connection:
    """Open a connection to the server at ``url``."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    return (await loop.create_connection(Connection, parts.hostname or "", parts.port or 80))[1]


@asynccontextmanager
async def connections(url: str, number: int) -> AsyncIterator[list[Connection]]:
    """Open ``number`` connections to the server at ``url``."""
    opened = [await connect(url) for _ in range(number)]
    try:
        yield opened
    finally:
        for connection in opened:
            connection.close()


def request(method: str, path: str, token: str, body: bytes = b"", content_type: str = SINGLE) -> bytes:
    """Return a request as it goes over the wire."""
    head = (
        f"{method} {path} HTTP/1.1\r\nhost: bench\r\nauthorization: Bearer {token}\r\n"
        f"content-type: {content_type}\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def post_all(opened: Sequence[Connection], requests: Sequence[bytes], seconds: float) -> tuple[int, float]:
    """Send the requests in order over all connections; return how many were answered with 200, in how many seconds.

    No request is begun after ``seconds``. Raises RuntimeError at any other answer.
    """
    waiting = iter(requests)
    start = time.perf_counter()
    answered = 0

    async def sender(connection: Connection) -> None:
        nonlocal answered
        for one in waiting:
            status, body = await connection.ask(one)
            if status != 200:
                raise RuntimeError(f"HTTP {status}: {body[:500].decode(errors='replace')}")
            answered += 1
            if time.perf_counter() - start > seconds:
                return

    async with asyncio.TaskGroup() as group:
        for connection in opened:
            group.create_task(sender(connection))
    return answered, time.perf_counter() - start
