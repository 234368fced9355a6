"""A place elsewhere that takes the pulses of a dead man's switch."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Pulses:
    """Counts what came."""

    def __init__(self) -> None:
        self.count = 0
        self.url = ""


@contextmanager
def taking_pulses() -> Iterator[Pulses]:
    pulses = Pulses()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pulses.count += 1
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    pulses.url = f"http://127.0.0.1:{server.server_port}/ping/0a1b"
    try:
        yield pulses
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
