"""A service's public face: an HTTP server that ends in order, alone at its port or one of several processes."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
import uvicorn

from shared.http_protocol import BoundedProtocol
from shared.settings import SettingsError
from shared.telemetry.requests import measured

_MAX_CONNECTIONS: Final = 1000
_PAUSE_SECONDS: Final = 0.2
_log = structlog.get_logger()


class PublicServer(uvicorn.Server):
    """Serves ``app`` at ``host`` and ``port``, or from a socket that listens already, which other processes share.

    ``inherited`` is that socket's file number: connections wait in it while no process accepts, so none is refused as
    processes come and go. Once told to stop, it gives the requests in flight ``drain`` seconds. Raises SettingsError
    when ``inherited`` is no socket's number.
    """

    def __init__(
        self, app: Any, host: str, port: int, *, drain: int, inherited: int | None = None, lifespan: bool = False
    ) -> None:
        super().__init__(
            uvicorn.Config(
                measured(app),
                host=host,
                port=port,
                http=BoundedProtocol,
                ws="none",
                lifespan="on" if lifespan else "off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                limit_concurrency=_MAX_CONNECTIONS,
                timeout_graceful_shutdown=drain,
            )
        )
        self._listening = None if inherited is None else _socket_of(inherited)
        self._opening: set[asyncio.Task[Any]] = set()

    def stop(self) -> None:
        """Take no more requests, and end once those in flight are answered."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Begin to accept."""
        if self._listening is None:
            await super().startup(sockets)
            return
        await super().startup([])
        self._accept_from(self._listening)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Leave new connections to the other processes, and finish what goes on here."""
        if self._listening is not None:
            asyncio.get_running_loop().remove_reader(self._listening)
            self._listening.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the service: uvicorn would raise them again at its end, and exit by them."""
        yield

    def _accept_from(self, listening: socket.socket) -> None:
        asyncio.get_running_loop().add_reader(listening, self._accept, listening)

    def _accept(self, listening: socket.socket) -> None:
        """Accept one connection: the loop's own servers accept all that wait, and the first to look gets every one."""
        loop = asyncio.get_running_loop()
        try:
            connection, _ = listening.accept()
        except (BlockingIOError, ConnectionAbortedError):
            return  # another process was quicker
        except OSError as error:
            _log.error("accepting_failed", error=error.strerror, again_in=_PAUSE_SECONDS)
            loop.remove_reader(listening)
            loop.call_later(_PAUSE_SECONDS, self._accept_again, listening)
            return
        connection.settimeout(0)
        opening = loop.create_task(loop.connect_accepted_socket(self._protocol, connection))
        self._opening.add(opening)
        opening.add_done_callback(self._opening.discard)

    def _accept_again(self, listening: socket.socket) -> None:
        if not self.should_exit:
            self._accept_from(listening)

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(config=self.config, server_state=self.server_state, app_state=self.lifespan.state)


def _socket_of(number: int) -> socket.socket:
    try:
        listening = socket.socket(fileno=number)
    except OSError as error:
        raise SettingsError(
            f"the file number {number} that was handed to this process is no socket ({error.strerror}): `warmline up` "
            "sets it, and nobody else should"
        ) from error
    listening.set_inheritable(False)
    listening.settimeout(0)
    return listening
