"""The auditor's own HTTP port: ``/metrics`` for Prometheus and ``/healthz``."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from infra.audit.auditor import Auditor
from infra.audit.measures import Measures

Application = Callable[[dict[str, Any], Any, Callable[[dict[str, Any]], Awaitable[None]]], Awaitable[None]]


def face_of(auditor: Auditor, measures: Measures) -> Application:
    """Return the ASGI application. The auditor is healthy while it looks, whatever it sees."""

    async def application(
        scope: dict[str, Any], _receive: Any, send: Callable[[dict[str, Any]], Awaitable[None]]
    ) -> None:
        if scope["type"] != "http":
            return
        accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
        status, content_type, body = _answer(scope["path"], accept)
        headers = [(b"content-type", content_type.encode()), (b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": b"" if scope["method"] == "HEAD" else body})

    def _answer(path: str, accept: str) -> tuple[int, str, bytes]:
        if path == "/metrics":
            text, content_type = measures.text(accept)
            return 200, content_type, text
        if path == "/healthz":
            says = b'{"status":"ok"}' if auditor.fresh else b'{"status":"unavailable","look":"the last one is old"}'
            return 200 if auditor.fresh else 503, "application/json", says
        return 404, "text/plain; charset=utf-8", b"Here are /metrics and /healthz.\n"

    return application
