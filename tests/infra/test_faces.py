"""What a service answers to `/healthz`, as status and the page Health tell it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from infra.looking.faces import Faces, look_at_faces


@contextmanager
def face(status: int, body: str) -> Iterator[str]:
    """A server that answers each request so; yields its address."""

    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


@pytest.mark.parametrize(
    ("status", "told"), [(200, "answers"), (503, 'answers {"status":"degraded","nats":"no connection"}')]
)
async def test_only_who_is_not_well_is_quoted(status: int, told: str) -> None:
    with face(status, '{"status":"degraded","nats":"no connection"}') as url:
        async with httpx.AsyncClient(trust_env=False) as client:
            (look,) = await look_at_faces(client, Faces(desk_url=url, ingest_url=None))
    assert (look.name, look.well, look.says) == ("desk", status == 200, f"{url} {told}")
