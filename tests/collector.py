"""A collector of traces: what is sent to it by OTLP over HTTP, kept in memory. It takes what else is posted, too."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span


class Collector:
    """The spans that were sent, each with the service that sent it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._spans: list[tuple[str, Span]] = []
        self._posted: list[dict[str, str]] = []

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        with self._lock:
            for resource in request.resource_spans:
                told = {one.key: one.value.string_value for one in resource.resource.attributes}
                for scope in resource.scope_spans:
                    self._spans += ((told["service.name"], span) for span in scope.spans)

    def spans(self, trace_id: str) -> list[tuple[str, Span]]:
        """Return the spans of a trace."""
        with self._lock:
            return [(service, span) for service, span in self._spans if span.trace_id.hex() == trace_id]

    def note(self, headers: dict[str, str]) -> None:
        with self._lock:
            self._posted.append(headers)

    def posted(self, name: str) -> list[str]:
        """Return that header of each request that was none of OTLP's, where it has it."""
        with self._lock:
            return [headers[name] for headers in self._posted if name in headers]

    def linked(self, trace_id: str) -> list[tuple[str, Span]]:
        """Return the spans of other traces that are linked to a trace."""
        with self._lock:
            return [
                (service, span)
                for service, span in self._spans
                if any(link.trace_id.hex() == trace_id for link in span.links)
            ]


@contextmanager
def collector() -> Iterator[Collector]:
    """Listen at a free port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            if self.path == "/v1/traces":
                taken.take(body)
            elif not self.path.startswith("/v1/"):
                taken.note({name.lower(): value for name, value in self.headers.items()})
            self.send_response(200)
            self.send_header("content-type", "application/x-protobuf")
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_arguments: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    taken = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield taken
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
