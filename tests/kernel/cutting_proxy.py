"""A TCP proxy before PostgreSQL that cuts the connection when a commit passes."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal
from urllib.parse import urlsplit

Cut = Literal["before it arrives", "while it runs", "before the reply"]
_MARK = b"WITH fence AS"


class CuttingProxy:
    """Forwards bytes. ``cut`` says when to break the next connection on which a commit is sent."""

    def __init__(self, postgres_url: str) -> None:
        self._url = urlsplit(postgres_url)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._connections: list[_Connection] = []
        self.cut: Cut | None = None
        self.cuts = 0

    @property
    def url(self) -> str:
        port = self._listener.getsockname()[1]
        return self._url._replace(netloc=f"{self._url.username}:{self._url.password}@127.0.0.1:{port}").geturl()

    @contextmanager
    def serving(self) -> Iterator[None]:
        thread = threading.Thread(target=self._accept)
        thread.start()
        try:
            yield
        finally:
            self._listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            self._listener.close()
            for connection in self._connections:
                connection.end()

    def take_cut(self) -> Cut | None:
        cut, self.cut = self.cut, None
        self.cuts += cut is not None
        return cut

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.create_connection((self._url.hostname or "", self._url.port or 0))
                self._connections.append(_Connection(self, client, server))


class _Connection:
    def __init__(self, proxy: CuttingProxy, client: socket.socket, server: socket.socket) -> None:
        self._proxy, self._client, self._server = proxy, client, server
        self._muted = False
        self._threads = [threading.Thread(target=self._requests), threading.Thread(target=self._replies)]
        for thread in self._threads:
            thread.start()

    def _requests(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._client.recv(1 << 20):
                cut = self._proxy.take_cut() if _MARK in data else None
                self._muted = cut == "before the reply"
                if cut != "before it arrives":
                    self._server.sendall(data)
                if cut in {"before it arrives", "while it runs"}:
                    self._client.shutdown(socket.SHUT_RDWR)
                    return  # and PostgreSQL, which was not told, goes on
            self._server.shutdown(socket.SHUT_RDWR)

    def _replies(self) -> None:
        with contextlib.suppress(OSError):
            while data := self._server.recv(1 << 20):
                if self._muted:
                    break
                self._client.sendall(data)
            self._client.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        for end in (self._client, self._server):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()
        self._client.close()
        self._server.close()
