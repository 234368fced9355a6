"""Reading requests and writing answers over ASGI, within bounds of size and time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from services.ingest.problem import PROBLEM_JSON, ProblemError
from shared.telemetry.traces import answered

MAX_BODY_BYTES: Final = 4 * 1024 * 1024
_LINGER_BYTES: Final = 32 * 1024 * 1024
_LINGER_SECONDS: Final = 5.0

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Headers = Mapping[bytes, bytes]


class ClientGoneError(Exception):
    """The client has hung up: nobody waits for an answer."""


class Body:
    """The body of a request, which is read at most once."""

    def __init__(self, headers: Headers, receive: Receive) -> None:
        self._announced = headers.get(b"content-length", b"0")
        self._receive = receive
        self._more = True

    async def read(self) -> bytes:
        """Return the whole; raises ProblemError when it is too large, and ClientGoneError: of the slow, too."""
        if self._announced.isdigit() and int(self._announced) > MAX_BODY_BYTES:
            raise _too_large()
        chunks: list[bytes] = []
        size = 0
        while self._more:
            chunks.append(await self._chunk())
            size += len(chunks[-1])
            if size > MAX_BODY_BYTES:
                raise _too_large()
        return chunks[0] if len(chunks) == 1 else b"".join(chunks)

    async def drop(self) -> None:
        """Read what the client still sends, for a while, and forget it."""
        dropped = 0
        try:
            async with asyncio.timeout(_LINGER_SECONDS):
                while self._more and dropped < _LINGER_BYTES:
                    dropped += len(await self._chunk())
        except (TimeoutError, ClientGoneError):
            return

    @property
    def complete(self) -> bool:
        """Whether nothing more is to come."""
        return not self._more

    async def _chunk(self) -> bytes:
        message = await self._receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        self._more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        return chunk


async def answer(
    send: Send,
    status: int,
    body: bytes,
    *,
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    more: bool = False,
) -> None:
    """Send an answer; with ``more`` the connection stays open for the caller to end it."""
    named = [(b"content-type", content_type.encode("latin-1")), (b"content-length", b"%d" % len(body))]
    if headers:
        named += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
    answered(status)
    await send({"type": "http.response.start", "status": status, "headers": named})
    await send({"type": "http.response.body", "body": body, "more_body": more})


async def answer_problem(send: Send, body: Body, problem: ProblemError) -> None:
    """Send an error. If the request was not read to its end, the connection is closed, but not at once.

    Closing at once would reset the connection, and the client would lose the answer.
    """
    if body.complete:
        await answer(send, problem.status, problem.body(), content_type=PROBLEM_JSON, headers=problem.headers)
        return
    headers = {**problem.headers, "Connection": "close"}
    await answer(send, problem.status, problem.body(), content_type=PROBLEM_JSON, headers=headers, more=True)
    await body.drop()
    await send({"type": "http.response.body", "body": b"", "more_body": False})


def _too_large() -> ProblemError:
    return ProblemError(413, f"the body is larger than {MAX_BODY_BYTES} bytes: send fewer events at a time")
