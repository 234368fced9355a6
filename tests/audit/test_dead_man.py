"""The dead man's switch, against a real HTTP server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import httpx
from structlog.testing import capture_logs

from infra.audit.dead_man import DeadMansSwitch


@dataclass
class Elsewhere:
    """A server that notes what it is asked and answers as it is told."""

    url: str = ""
    status: int = 200
    asked: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def elsewhere() -> AsyncIterator[Elsewhere]:
    there = Elsewhere()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there.asked.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(f"HTTP/1.1 {there.status} X\r\ncontent-length: 0\r\nconnection: close\r\n\r\n".encode())
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    there.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/ping/secret"
    async with server:
        yield there


async def pulsed(switch: DeadMansSwitch) -> None:
    """Wait for the pulse that is under way."""
    if switch._pulsing is not None:
        await asyncio.wait({switch._pulsing})


async def test_it_pulses_at_its_pace_only_while_all_is_well() -> None:
    async with elsewhere() as there, httpx.AsyncClient(trust_env=False) as client:
        switch = DeadMansSwitch(there.url, 60, client)
        counts = []
        looks = [
            (0, True),
            (30, True),
            (61, True),
            (64, False),
            (122, False),
            (125, True),
            (128, True),
            (129, False),
            (130, True),
            (131, False),
            (132, True),
        ]
        for now, well in looks:
            switch.tell(float(now), well=well)
            await pulsed(switch)
            counts.append(len(there.asked))
        assert counts == [1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 3]
        assert switch.pulses == 3
        request = there.asked[0].decode()
        assert request.startswith("GET /ping/secret HTTP/1.1\r\n")
        assert "warmline" not in request.lower()


async def test_a_pulse_that_fails_is_logged_without_the_address_and_tried_at_its_time() -> None:
    async with elsewhere() as there, httpx.AsyncClient(trust_env=False) as client:
        there.status = 503
        switch = DeadMansSwitch(there.url, 60, client)
        with capture_logs() as logs:
            switch.tell(0.0, well=True)
            await pulsed(switch)
            gone = DeadMansSwitch("http://127.0.0.1:1/ping/secret", 60, client)
            gone.tell(0.0, well=True)
            await pulsed(gone)
        assert [line["event"] for line in logs] == ["deadman.failed", "deadman.failed"]
        assert "secret" not in str(logs)
        assert switch.pulses == gone.pulses == 0
        there.status = 204
        switch.tell(61.0, well=True)
        await pulsed(switch)
        assert switch.pulses == 1
