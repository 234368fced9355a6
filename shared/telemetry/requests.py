"""What a server of HTTP measures: each request's duration by route and status, by OpenTelemetry's conventions."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, Final

from shared.telemetry.metrics import METER

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]

ROUTE: Final = "path_template"
"""Where in the scope the matched route stands: Litestar puts it there, and so do our own bare routes."""

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "TRACE"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10)
_EVENT_STREAM: Final = (b"content-type", b"text/event-stream")

_duration: Final = METER.create_histogram(
    "http.server.request.duration",
    "s",
    "How long requests took",
    explicit_bucket_boundaries_advisory=_SECONDS,
)


def measured(application: Application) -> Application:
    """Return ``application`` with each of its requests measured, but for streams of events, which end with a page."""

    async def measuring(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await application(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0
        endless = False

        async def noting(message: MutableMapping[str, Any]) -> None:
            nonlocal status, endless
            if message["type"] == "http.response.start":
                status = message["status"]
                for name, value in message.get("headers", ()):
                    if name == _EVENT_STREAM[0]:
                        endless = value.startswith(_EVENT_STREAM[1])
            await send(message)

        try:
            await application(scope, receive, noting)
        finally:
            if status and not endless:
                _duration.record(time.perf_counter() - began, _labels(scope, status))

    return measuring


def _labels(scope: Scope, status: int) -> dict[str, str | int]:
    labels: dict[str, str | int] = {
        "http.request.method": scope["method"] if scope["method"] in _METHODS else "_OTHER",
        "http.response.status_code": status,
        "url.scheme": scope["scheme"],
    }
    if (route := scope.get(ROUTE)) is not None:
        labels["http.route"] = route
    if status >= 500:
        labels["error.type"] = str(status)
    return labels
