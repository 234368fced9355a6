"""Clients that are slow, silent or immoderate, at a real server on a real socket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from typing import Any

import pytest
import uvicorn

from shared.http_protocol import MAX_HEAD_BYTES, BoundedProtocol
from tests.waiting import until_async

HELLO = b"GET / HTTP/1.1\r\nHost: x\r\n"


class Quick(BoundedProtocol):
    head_seconds = 0.3
    body_seconds = 0.3
    reader_seconds = 0.3


class Patient(BoundedProtocol):
    max_waiting = 5
    head_seconds = 60.0


class Application:
    """Reads the body, answers with its length or with ``answer``, and remembers how requests ended."""

    def __init__(self, answer: bytes = b"") -> None:
        self.answer = answer
        self.ends: list[str] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        size, more = 0, True
        while more:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.ends.append("gone")
                return
            size += len(message.get("body", b""))
            more = message.get("more_body", False)
        body = self.answer or b"%d" % size
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        for start in range(0, len(body), 1 << 16):
            await send({"type": "http.response.body", "body": body[start : start + (1 << 16)], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
        self.ends.append("answered")


class Server(uvicorn.Server):
    def capture_signals(self) -> Any:
        return nullcontext()


@asynccontextmanager
async def serving(application: Application, protocol: type[BoundedProtocol] = Quick) -> AsyncIterator[int]:
    config = uvicorn.Config(application, port=0, http=protocol, ws="none", lifespan="off", log_config=None)
    server = Server(config)
    task = asyncio.create_task(server.serve())
    try:
        await until_async(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task


async def all_of(reader: asyncio.StreamReader) -> bytes:
    """Return what comes until the server closes."""
    async with asyncio.timeout(60):
        return await reader.read()


def is_problem(answer: bytes, status: int) -> bool:
    head, _, body = answer.partition(b"\r\n\r\n")
    problem = json.loads(body)
    return (
        head.startswith(b"HTTP/1.1 %d " % status)
        and b"application/problem+json" in head
        and (problem["status"], bool(problem["detail"])) == (status, True)
    )


@pytest.mark.parametrize("sent", [b"", b"GET", HELLO, HELLO + b"\r\n" + HELLO])
async def test_a_head_that_does_not_end_is_given_up(sent: bytes) -> None:
    async with serving(Application()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert (await all_of(reader)).count(b"HTTP/1.1") == sent.count(b"\r\n\r\n")
        writer.close()


async def test_a_head_that_comes_byte_by_byte_is_given_up() -> None:
    async with serving(Application()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        closed = asyncio.create_task(all_of(reader))
        for byte in HELLO + b"X: " + b"x" * 1000:
            writer.write(bytes([byte]))
            if (await asyncio.wait({closed}, timeout=0.02))[0]:
                break
        assert closed.done()
        writer.close()


async def test_the_silent_push_out_each_other_and_who_speaks_is_answered() -> None:
    async with serving(Application(), Patient) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(20)]
        for reader, _ in silent[:15]:
            assert await all_of(reader) == b""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):  # and keeps its place for the next request
            writer.write(HELLO + b"\r\n")
            assert (await reader.readuntil(b"\r\n\r\n0")).startswith(b"HTTP/1.1 200")
        for _, one in (*silent, (reader, writer)):
            one.close()


@pytest.mark.parametrize("end", [b"", b"\r\n\r\n"])
@pytest.mark.parametrize("line", [b"GET /" + b"x" * MAX_HEAD_BYTES, HELLO + b"Cookie: " + b"x" * MAX_HEAD_BYTES])
async def test_a_large_head_is_refused(line: bytes, end: bytes) -> None:
    application = Application()
    async with serving(application, Patient) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(line + (b" HTTP/1.1" + end if end and line.startswith(b"GET /x") else end))
        assert is_problem(await all_of(reader), 431)
        writer.close()
    assert application.ends == []


@pytest.mark.parametrize("sent", [b"\x16\x03\x01\x02\x00\x01", b"GET\r\n\r\n", HELLO + b"Content-Length: x\r\n\r\n"])
async def test_what_is_no_http_is_refused(sent: bytes) -> None:
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(sent)
        assert is_problem(await all_of(reader), 400)
        writer.close()
    assert application.ends == []


async def test_a_body_that_does_not_end_is_given_up() -> None:
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + b"Content-Length: 10\r\n\r\n12345")
        assert is_problem(await all_of(reader), 408)
        await until_async(lambda: application.ends == ["gone"])
        writer.close()


async def test_a_body_that_does_not_end_is_given_up_without_a_word_where_the_answer_has_begun() -> None:
    class Eager(Application):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"1")]})
            await super().__call__(scope, receive, send)

    async with serving(Eager()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(HELLO + b"Content-Length: 10\r\n\r\n12345")
        assert b" 408 " not in await all_of(reader)
        writer.close()


async def test_who_does_not_read_the_answer_is_given_up() -> None:
    application = Application(answer=b"x" * 50_000_000)
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1000)
        writer.write(HELLO + b"\r\n")
        await until_async(lambda: application.ends)
        with pytest.raises(asyncio.IncompleteReadError):
            await reader.readexactly(50_000_000)
        writer.close()


async def test_who_is_answered_early_may_finish_the_body_and_go_on() -> None:
    class Hasty(Application):
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            await send({"type": "http.response.start", "status": 413, "headers": [(b"content-length", b"0")]})
            await send({"type": "http.response.body", "body": b""})

    async with serving(Hasty()) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(2):
            writer.write(HELLO + b"Content-Length: 5000000\r\n\r\n" + b"x" * 5_000_000)
            await writer.drain()
            assert (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 413")
        writer.close()


async def test_requests_that_follow_each_other_are_all_answered() -> None:
    application = Application()
    async with serving(application) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((HELLO + b"Content-Length: 3\r\n\r\nabc") * 5)
        for _ in range(5):
            assert await reader.readuntil(b"\r\n\r\n3")
        writer.close()
    assert application.ends == ["answered"] * 5
