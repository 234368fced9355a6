"""The connection that a platform keeps open, against a real WebSocket server."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from services.ingest.platforms.connection import Beat, Closed, Hear, Open, Say, Told
from services.ingest.polling.platform_socket import PlatformSocket
from tests.waiting import until_async

pytestmark = pytest.mark.asyncio(loop_scope="session")

SECRET = "the-bots-own-token"


@asynccontextmanager
async def socket_to(talk: Callable[[ServerConnection], Awaitable[None]]) -> AsyncIterator[PlatformSocket]:
    socket = PlatformSocket({"token": SECRET})
    async with serve(talk, "127.0.0.1", 0, close_timeout=1) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        assert await socket.do(Open(url=f"ws://127.0.0.1:{port}/?v=10")) is None
        try:
            yield socket
        finally:
            await socket.close()


async def test_what_is_said_holds_the_secret_and_no_log_does(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    heard: list[object] = []

    async def talk(socket: ServerConnection) -> None:
        heard.append(json.loads(await socket.recv()))
        await socket.send("hello")
        await socket.wait_closed()
        heard.append(socket.close_code)

    async with socket_to(talk) as socket:
        await socket.do(Say(body={"op": 2, "d": {"intents": 1}}, secret=("d", "token")))
        told = await socket.do(Hear(seconds=30))
        assert isinstance(told, Told)
        assert told.body == b"hello"
        assert await socket.do(Hear(seconds=0)) is None
    await until_async(lambda: len(heard) == 2)
    assert heard == [{"op": 2, "d": {"intents": 1, "token": SECRET}}, 4000]  # 1000 would end a session of Discord's
    said_by_client = [record.getMessage() for record in caplog.records if record.name != "websockets.server"]
    assert not [said for said in said_by_client if SECRET in said]


async def test_it_beats_while_nobody_hears_and_the_platform_has_to_wait() -> None:
    beats: list[bytes | str] = []
    sent = 0

    async def talk(socket: ServerConnection) -> None:
        async def flood() -> None:
            nonlocal sent
            while True:
                await socket.send("x" * 10_000)
                sent += 1

        flooding = asyncio.create_task(flood())
        try:
            while True:
                beats.append(await socket.recv())
        except ConnectionClosed:
            flooding.cancel()

    async with socket_to(talk) as socket:
        await socket.do(Beat(body={"op": 1, "d": 1}, seconds=0.02))
        await until_async(lambda: len(beats) > 3)
        await socket.do(Beat(body={"op": 1, "d": 7}, seconds=0.02))
        await until_async(lambda: json.loads(beats[-1])["d"] == 7)
        waits = -1
        while waits != sent < 5_000:
            waits, more = sent, len(beats) + 10
            await until_async(lambda: len(beats) > more)  # noqa: B023 -- it is waited for at once
        assert waits == sent
        for _ in range(waits):
            assert isinstance(await socket.do(Hear(seconds=30)), Told)


async def test_the_code_with_which_the_platform_hangs_up_is_heard_after_what_it_said() -> None:
    async def talk(socket: ServerConnection) -> None:
        await socket.send("last")
        await socket.close(4004)

    async with socket_to(talk) as socket:
        assert isinstance(await socket.do(Hear(seconds=30)), Told)
        closed = await socket.do(Hear(seconds=30))
        assert isinstance(closed, Closed)
        assert closed.code == 4004
        assert await socket.do(Say(body={})) is None


async def test_the_secret_goes_nowhere_else() -> None:
    reached: list[str] = []

    def redirected(_socket: ServerConnection, request: Request) -> Response | None:
        reached.append(request.path)
        if request.path != "/":
            return None
        response = Response(HTTPStatus.FOUND, "Found", request.headers.copy())
        response.headers["Location"] = "/elsewhere"
        return response

    async def talk(_socket: ServerConnection) -> None: ...

    socket = PlatformSocket({"token": SECRET})
    shown = await socket.do(Open(url="ws://192.0.2.1/"))
    assert isinstance(shown, Closed)
    assert "unencrypted" in shown.why
    for address in ("wss://[", "http://127.0.0.1:1/", "ws://127.0.0.1:1/"):
        assert isinstance(await socket.do(Open(url=address)), Closed)
    async with serve(talk, "127.0.0.1", 0, process_request=redirected) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        closed = await socket.do(Open(url=f"ws://127.0.0.1:{port}/"))
    assert isinstance(closed, Closed)
    assert "302" in closed.why
    assert reached == ["/"]
    assert isinstance(await socket.do(Hear(seconds=30)), Closed)
