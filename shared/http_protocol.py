"""HTTP/1.1 as uvicorn speaks it, with an end to everything: slow heads, large heads, slow bodies, slow readers."""

from __future__ import annotations

import asyncio
import json
from http import HTTPStatus
from typing import Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

MAX_HEAD_BYTES: Final = 32 * 1024


class _HeadTooLargeError(Exception):
    """Ends the parsing of a head."""


class BoundedProtocol(HttpToolsProtocol):
    """One connection. Those that have not sent a whole head yet take no place from others.

    Of them there are at most ``max_waiting`` in a process: when one more comes, the one that has waited longest is
    closed. So whoever opens connections and says nothing, or a byte now and then, pushes out himself first.
    """

    max_waiting = 500
    head_seconds = 10.0
    body_seconds = 30.0
    reader_seconds = 60.0
    _waiting: Final[dict[BoundedProtocol, None]] = {}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a head."""
        self._deadline: asyncio.TimerHandle | None = None
        self._reader_deadline: asyncio.TimerHandle | None = None
        self._head_bytes = 0
        self._in_body = False
        super().connection_made(transport)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Let go of everything."""
        self._end_wait()
        self.resume_writing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse what came; a head that grows too large is refused before it is whole."""
        waited = self in self._waiting  # else it may hold the end of a body, which is no part of a head
        super().data_received(data)
        if waited and self in self._waiting:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES:
                self.logger.warning("A head without an end was refused.")
                self._refuse_head()

    def on_headers_complete(self) -> None:
        """Begin to wait for the body."""
        if len(self.url) + sum(len(name) + len(value) for name, value in self.headers) > MAX_HEAD_BYTES:
            self._head_bytes = MAX_HEAD_BYTES + 1
            raise _HeadTooLargeError
        self._in_body = True
        self._end_wait()
        self._deadline = self.loop.call_later(self.body_seconds, self._give_up_body)
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """End waiting for the client: it is our turn, unless the answer is out already."""
        self._in_body = False
        self._end_wait()
        super().on_message_complete()
        if self.cycle.response_complete:
            self._await_head()

    def on_response_complete(self) -> None:
        """Wait for the head of the next request, unless it is there already or this one's body still comes."""
        super().on_response_complete()
        if self.cycle.response_complete and not self._in_body:
            self._await_head()

    def pause_writing(self) -> None:
        """Give the client a while to read what was answered."""
        super().pause_writing()
        self._reader_deadline = self.loop.call_later(self.reader_seconds, self.transport.abort)

    def resume_writing(self) -> None:
        """Go on: it has read."""
        if self._reader_deadline is not None:
            self._reader_deadline.cancel()
            self._reader_deadline = None
        if self.flow is not None:
            super().resume_writing()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 -- uvicorn's words are for its log
        """Answer what is no HTTP, or a head too large, and close."""
        if self._head_bytes > MAX_HEAD_BYTES:
            self._refuse_head()
        else:
            self._refuse(HTTPStatus.BAD_REQUEST, "this is no HTTP/1.1 request")

    def _await_head(self) -> None:
        self._end_wait()
        if self.transport.is_closing():
            return
        self._head_bytes = 0
        self._deadline = self.loop.call_later(self.head_seconds, self._close)
        self._waiting[self] = None
        if len(self._waiting) > self.max_waiting:
            next(iter(self._waiting))._close()  # noqa: SLF001 -- it is of this class

    def _end_wait(self) -> None:
        self._waiting.pop(self, None)
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _give_up_body(self) -> None:
        if self.cycle.response_started or self.pipeline:  # the answer would be taken for another's
            self._close()
        else:
            self.logger.warning("A body without an end was refused.")
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, f"the body did not arrive within {self.body_seconds:g} seconds")

    def _refuse_head(self) -> None:
        self._refuse(
            HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE,
            f"address and headers are larger than {MAX_HEAD_BYTES} bytes: send smaller ones",
        )

    def _refuse(self, status: HTTPStatus, detail: str) -> None:
        self._end_wait()
        problem = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
        body = json.dumps(problem).encode()
        head = (
            f"HTTP/1.1 {status.value} {status.phrase}\r\ncontent-type: application/problem+json\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()

    def _close(self) -> None:
        self._end_wait()
        if not self.transport.is_closing():
            self.transport.close()
