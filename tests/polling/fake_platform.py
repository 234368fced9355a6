"""A platform's API over real HTTP, which can be slow, away, over its limit, or refuse the token."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A request that came."""

    path: str
    params: dict[str, str]
    headers: dict[str, str]
    at: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What is answered instead of the records."""

    status: int
    headers: dict[str, str]


Answering = Callable[[str, dict[str, str]], Any]
"""What stands at a path; None where nothing does."""


Posting = Callable[[str, bytes], Any]
"""What comes of a body that is posted to a path; an HTTP status for one that is refused."""


class FakePlatform:
    """Answers with what ``answering`` gives, but first with ``instead``, one each; ``gate`` holds back answers.

    ``open`` are paths that need no authorization, and ``more`` are headers to send. Its clock is ``behind`` by so many
    seconds.
    """

    def __init__(self, answering: Answering, authorization: str) -> None:
        self.answering = answering
        self.authorization = authorization
        self.header = "authorization"
        self.posting: Posting | None = None
        self.open: set[str] = set()
        self.more: Callable[[str, dict[str, str]], dict[str, str]] = lambda _path, _params: {}
        self.instead: dict[str, list[Answer]] = {}
        self.asked: list[Asked] = []
        self.held: str | None = None
        self.behind = 0.0
        self.gate = threading.Event()
        fake = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.answer(fake.answering)

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                self.answer(lambda path, _params: fake.posting and fake.posting(path, body))

            def answer(self, answering: Answering) -> None:
                parts = urlsplit(self.path)
                params = {name: values[0] for name, values in parse_qs(parts.query).items()}
                headers = {name.lower(): value for name, value in self.headers.items()}
                fake.asked.append(Asked(path=parts.path, params=params, headers=headers, at=time.monotonic()))
                if parts.path == fake.held:
                    fake.gate.wait(30)
                planned = fake.instead.get(parts.path)
                if planned:
                    answer = planned.pop(0)
                    fake.send(self, answer.status, answer.headers, {})
                elif parts.path not in fake.open and self.headers[fake.header] != fake.authorization:
                    fake.send(self, 401, {}, {"message": "Your account could not be authenticated."})
                else:
                    found = answering(parts.path, params)
                    status = found if isinstance(found, int) else 404 if found is None else 200
                    fake.send(self, status, fake.more(parts.path, params), found)

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) - fake.behind)

            def log_message(self, *_arguments: Any) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def plan(self, path: str, *statuses: int, **headers: str) -> None:
        """Answer so to the next requests for ``path``, one status each."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.instead.setdefault(path, []).extend(Answer(status=status, headers=named) for status in statuses)

    def count(self, path: str) -> int:
        return sum(one.path == path for one in self.asked)

    def send(self, request: BaseHTTPRequestHandler, status: int, headers: dict[str, str], found: Any) -> None:
        body = found if isinstance(found, bytes) else json.dumps(found).encode()
        request.send_response(status)
        for name, value in {**headers, "content-type": "application/json", "content-length": str(len(body))}.items():
            request.send_header(name, value)
        with suppress(ConnectionError):  # whoever asked was killed
            request.end_headers()
            request.wfile.write(body)

    @contextmanager
    def serving(self) -> Iterator[FakePlatform]:
        thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield self
        finally:
            self.gate.set()
            self._server.shutdown()
            thread.join()
            self._server.server_close()
