"""Where the contestants meet: one PostgreSQL and one NATS, the same for all, with fresh tables for each run."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import nats
import psycopg
from nats.aio.client import Client

from benchmarks.meter import Meter
from benchmarks.processes import running_module
from benchmarks.results import Sample
from benchmarks.workload import PARTITIONS
from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from infra.provision import provision
from shared.topology import GIB, StreamSettings
from tests.servers import data_folder, drop_database, fresh_database, running_nats, running_postgres

STREAMS: Final = StreamSettings(max_bytes=4 * GIB)
TOKEN: Final = "benchmark-token"  # noqa: S105 -- of servers that live for minutes, on loopback
_POLL_SECONDS: Final = 0.05
_WARM_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Database:
    """A fresh database, with what a service is told to use it."""

    url: str
    env: dict[str, str]
    connection: psycopg.AsyncConnection[Any]

    async def number(self, query: str) -> int:
        """Return the one number that ``query`` gives, 0 for null."""
        row = await (await self.connection.execute(query.encode())).fetchone()
        return int(row[0] or 0) if row else 0

    async def reach(self, query: str, wanted: int, seconds: float = 300, *, pause: float = _POLL_SECONDS) -> None:
        """Wait until ``query`` gives at least ``wanted``, asking with ``pause`` between; raises TimeoutError."""
        async with asyncio.timeout(seconds):
            while await self.number(query) < wanted:  # noqa: ASYNC110 -- other processes make it true
                await asyncio.sleep(pause)


async def _at_once() -> bool:
    return True


class Stage:
    """The servers, and how a process is run and timed on them."""

    def __init__(self, data: Path, postgres: PostgresServer, server: NatsServer, client: Client) -> None:
        self.data = data
        self.client = client
        self.postgres_url = postgres.url
        self.nats_url = server.url
        postmaster = (postgres.data_directory / "postmaster.pid").read_text(encoding="utf-8").split()[0]
        self.server_pids = (int(postmaster), int(server.pid_file.read_text(encoding="utf-8")))

    @asynccontextmanager
    async def database(self, *, keep: tuple[str, ...] = ()) -> AsyncIterator[Database]:
        """Give an empty database and empty streams, but for those in ``keep``."""
        for stream in {"MEMBER_EVENTS", "TOUCHES", "TOUCH_FACTS"} - set(keep):
            await self.client.request(f"$JS.API.STREAM.DELETE.{stream}", b"", timeout=30)
        url = await fresh_database(self.postgres_url)
        await provision(self.nats_url, url, PARTITIONS, STREAMS, report=lambda _: None)
        env = {
            "WARMLINE_NATS_URL": self.nats_url,
            "WARMLINE_POSTGRES_URL": url,
            "WARMLINE_PARTITIONS": str(PARTITIONS),
            "WARMLINE_STREAM_BYTES": str(STREAMS.max_bytes),
            "WARMLINE_TOKEN": TOKEN,
            "WARMLINE_DESK_URL": "http://127.0.0.1:1",  # notices link there; nothing is asked of it
        }
        try:
            async with await psycopg.AsyncConnection.connect(url, autocommit=True) as connection:
                # What earlier runs left to be written must not be paid by this one.
                await connection.execute("CHECKPOINT")
                yield Database(url=url, env=env, connection=connection)
        finally:
            await drop_database(self.postgres_url, url)

    async def timed(
        self,
        module: str,
        env: dict[str, str],
        progress: Callable[[], Awaitable[int]],
        *,
        most: int,
        seconds: float,
        warm: int = 1_000,
        processes: int = 1,
        ready: Callable[[], Awaitable[bool]] = _at_once,
    ) -> Sample:
        """Time ``processes`` of ``python -m module`` from where they are ``ready`` and through with ``warm`` events.

        It ends after ``seconds``, but not before it is through with as many again, or when ``progress`` has come to
        ``most``. Raises RuntimeError when it does not get so far.
        """
        log = self.data / f"{module}.log"
        async with AsyncExitStack() as stack:
            running = [await stack.enter_async_context(running_module(module, env, log)) for _ in range(processes)]
            pids = (*(process.pid for process in running), *self.server_pids)
            first = await self._reached(progress, warm, ready, running, log)
            meter = Meter(pids)
            done = first
            while done < most and (meter.seconds < seconds or done < 2 * warm):
                await asyncio.sleep(_POLL_SECONDS)
                done = await progress()
            return meter.sample(done - first)

    async def _reached(
        self,
        progress: Callable[[], Awaitable[int]],
        warm: int,
        ready: Callable[[], Awaitable[bool]],
        running: Sequence[asyncio.subprocess.Process],
        log: Path,
    ) -> int:
        deadline = time.monotonic() + _WARM_SECONDS
        while (done := await progress()) < warm or not await ready():
            if any(process.returncode is not None for process in running) or time.monotonic() > deadline:
                raise RuntimeError(f"it does not get to {warm} events:\n{tail_of(log)}")
            await asyncio.sleep(_POLL_SECONDS)
        return done


def tail_of(log: Path) -> str:
    """Return the end of a log, for whoever has to find out what went wrong."""
    return log.read_text(encoding="utf-8", errors="replace")[-4000:]


@asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    """Run the servers in a folder of their own, and leave nothing behind."""
    with data_folder() as data:
        async with running_postgres(data) as postgres, running_nats(data) as server:
            client = await nats.connect(server.url, max_reconnect_attempts=-1)
            try:
                yield Stage(data, postgres, server, client)
            finally:
                await client.close()
