"""The connection that a platform keeps open: what a round says on it, its beats, and what comes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from services.ingest.platforms.connection import Beat, Closed, ConnectionAnswer, ConnectionStep, Hear, Open, Say, Told
from services.ingest.polling.credentials import Secrets
from shared.bounded_wait import end
from shared.safe_url import is_encrypted_or_local

_MAX_BYTES: Final = 16 * 1024 * 1024
_MOST_WAITING: Final = 64
"""Messages that are held while earlier ones become durable; then the platform has to wait."""
_SECONDS: Final = 20.0
_CLOSE_SECONDS: Final = 2.0
_LATER: Final = 4000
"""By 1000 or 1001 some platforms take it that nobody comes back (Discord ends the session)."""
_log: Final = logging.getLogger("warmline.platform_socket")
_log.setLevel(logging.INFO)  # what is said holds the secret, and the library logs it for those who debug


class PlatformSocket:
    """Holds one connection at a time. It follows no redirect, and goes by no proxy of the environment."""

    def __init__(self, secrets: Secrets) -> None:
        self._secrets = secrets
        self._connection: ClientConnection | None = None
        self._beating: asyncio.Task[None] | None = None
        self._beat = b""

    async def do(self, step: ConnectionStep) -> ConnectionAnswer:
        """Return what comes of a step."""
        match step:
            case Open(url=url):
                return await self._open(url)
            case Say(body=body, secret=names):
                await self._send(_encoded(body, names, self._secrets))
                return None
            case Beat(body=body, seconds=seconds):
                self._beat = msgspec.json.encode(body)
                if self._beating is None and self._connection is not None:
                    self._beating = asyncio.create_task(self._keep_beating(self._connection, seconds))
                return None
            case Hear(seconds=seconds):
                return await self._heard(seconds)

    async def close(self) -> None:
        """Hang up, so that the platform knows that somebody comes back."""
        connection, beating = self._connection, self._beating
        self._connection = self._beating = None
        if beating is not None:
            await end(beating)
        if connection is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await connection.close(_LATER)
        except TimeoutError:
            pass
        finally:
            connection.transport.abort()

    async def _open(self, url: str) -> Closed | None:
        await self.close()
        if not is_encrypted_or_local(url):
            return Closed(why="the platform names an address at which the secret would cross the network unencrypted")
        try:
            async with asyncio.timeout(_SECONDS):
                self._connection = await _Direct(
                    url,
                    compression=None,
                    max_size=_MAX_BYTES,
                    max_queue=_MOST_WAITING,
                    ping_interval=None,
                    proxy=None,
                    user_agent_header="Warmline",
                    open_timeout=None,
                    logger=_log,
                )
        except TimeoutError:
            return Closed(why=f"no connection within {_SECONDS:.0f} s")
        except (OSError, ValueError, WebSocketException) as error:
            return Closed(why=f"it cannot be connected to: {str(error) or type(error).__name__}")
        return None

    async def _send(self, message: bytes) -> None:
        if self._connection is not None:
            with suppress(ConnectionClosed):  # which is heard of
                await self._connection.send(message, text=True)

    async def _heard(self, seconds: float) -> Told | Closed | None:
        connection = self._connection
        if connection is None:
            return Closed(why="there is no connection")
        try:
            async with asyncio.timeout(seconds):
                return Told(body=await connection.recv(decode=False), at=datetime.now(UTC))
        except TimeoutError:
            return None
        except ConnectionClosed as closed:
            code = closed.rcvd.code if closed.rcvd is not None else None
            return Closed(why=f"the connection is closed ({code or 'without a word'})", code=code)

    async def _keep_beating(self, connection: ClientConnection, seconds: float) -> None:
        await asyncio.sleep(seconds * random.random())  # noqa: S311 -- spreads
        with suppress(ConnectionClosed):
            while True:
                await connection.send(self._beat, text=True)
                await asyncio.sleep(seconds)


class _Direct(connect):
    def process_redirect(self, exc: Exception) -> Exception:
        """Return the redirect as the error that it is here."""
        return exc


def _encoded(body: Mapping[str, object], names: tuple[str, ...], secrets: Secrets) -> bytes:
    """Return JSON with the secret, the only one that there is, where ``names`` lead."""
    said: dict[str, Any] = msgspec.to_builtins(body)
    if names:
        [secret] = secrets.values()
        within = said
        for name in names[:-1]:
            within = within[name]
        within[names[-1]] = secret
    return msgspec.json.encode(said)
