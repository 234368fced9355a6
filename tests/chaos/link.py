"""The line between one process and one server: a small TCP proxy that can lose replies, freeze, or go half-open."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Literal

Trouble = Literal["replies lost", "frozen", "half-open"]
_PIECE = 1 << 16


class Link:
    """Forwards connections from the sockets that it is given to a server on loopback, unless it is in trouble.

    - replies lost: what the server says is thrown away; requests arrive and are carried out.
    - frozen: nothing moves either way, and goes on at the end.
    - half-open: to the server, the connections that there are have ended; to the client, nothing happens.

    At the end of the first and the third, a connection that missed something is reset: bytes cannot go missing within.
    """

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._trouble: Trouble | None = None
        self._moving = asyncio.Event()
        self._moving.set()
        self._servers: list[asyncio.Server] = []
        self._connections: set[_Connection] = set()

    async def listen(self, listener: socket.socket | None = None) -> tuple[str, int]:
        """Take connections from ``listener``, by default on a free loopback port; return the address."""
        listener = listener or socket.create_server(("127.0.0.1", 0))
        self._servers.append(await asyncio.start_server(self._serve, sock=listener))
        host, port = listener.getsockname()[:2]
        return str(host), int(port)

    def begin(self, trouble: Trouble) -> None:
        self._trouble = trouble
        if trouble == "frozen":
            self._moving.clear()
        elif trouble == "half-open":
            for connection in self._connections:
                connection.drop_server()

    def end(self) -> None:
        self._trouble = None
        self._moving.set()
        for connection in list(self._connections):
            if connection.incomplete:
                connection.reset()

    async def close(self) -> None:
        for server in self._servers:
            server.close()
        self.end()
        for connection in list(self._connections):
            connection.reset()

    async def moving(self) -> None:
        await self._moving.wait()

    @property
    def loses_replies(self) -> bool:
        return self._trouble == "replies lost"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await self._moving.wait()
        try:
            server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            writer.transport.abort()
            return
        connection = _Connection(self, (reader, writer), server)
        self._connections.add(connection)
        try:
            await connection.run()
        finally:
            self._connections.discard(connection)


_Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class _Connection:
    def __init__(self, link: Link, client: _Stream, server: _Stream) -> None:
        self._link = link
        self._client = client
        self._server = server
        self._server_dropped = False
        self._reply_missed = False
        self._over = asyncio.Event()

    @property
    def incomplete(self) -> bool:
        return self._server_dropped or self._reply_missed

    def drop_server(self) -> None:
        self._server_dropped = True
        self._server[1].transport.abort()

    def reset(self) -> None:
        self._client[1].transport.abort()
        self._server[1].transport.abort()
        self._over.set()

    async def run(self) -> None:
        pumps = [
            asyncio.create_task(self._pump(self._client[0], self._server[1], replies=False)),
            asyncio.create_task(self._pump(self._server[0], self._client[1], replies=True)),
        ]
        try:
            await self._over.wait()
        finally:
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            self.reset()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, replies: bool) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(_PIECE):
                await self._link.moving()
                if self._server_dropped:
                    continue
                if replies and (self._reply_missed or self._link.loses_replies):
                    self._reply_missed = True
                    continue
                sink.write(data)
                await sink.drain()
        await self._link.moving()
        if not (replies and self.incomplete):  # the end of the server is not told either
            self._over.set()
