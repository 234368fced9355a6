"""Integrators as they are met: real HTTP servers that take, refuse, are gone, or drip."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from standardwebhooks.webhooks import Webhook


class Receiver:
    """One integrator's server; ``status`` is what it answers, 0 for a byte of header every second for ever."""

    def __init__(self, status: int = 204) -> None:
        self.status = status
        self.secret: Webhook | None = None
        self.asked = 0
        self.ids: list[str] = []
        self.events: list[dict[str, Any]] = []
        self.stopping = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.handle(self)

            def log_message(self, *_arguments: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.server_bind()  # refuses, and is nobody else's port, until it serves

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def handle(self, request: BaseHTTPRequestHandler) -> None:
        self.asked += 1
        body = request.rfile.read(int(request.headers["content-length"]))
        if self.status == 0:
            self._drip(request)
            return
        assert self.secret is not None
        self.secret.verify(body, dict(request.headers))
        if self.status < 300:
            event = json.loads(body)
            assert request.headers["webhook-id"] == event["id"]
            self.ids.append(event["id"])
            self.events.append(event)
        request.send_response(self.status)
        request.send_header("content-length", "0")
        request.end_headers()

    def _drip(self, request: BaseHTTPRequestHandler) -> None:
        request.wfile.write(b"HTTP/1.1 200")
        while not self.stopping.wait(1):
            try:
                request.wfile.write(b" ")
                request.wfile.flush()
            except OSError:
                return

    @contextmanager
    def serving(self) -> Iterator[Receiver]:
        self._server.server_activate()
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.stopping.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()
