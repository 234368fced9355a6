"""A whole Warmline, started as an operator starts it, watched from outside."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import nats
import psutil
import psycopg

from benchmarks import progress
from benchmarks.fsyncs import fsyncs_so_far
from benchmarks.processes import cpu_seconds
from benchmarks.stage import TOKEN, tail_of
from benchmarks.workload import PARTITIONS, policy_text
from infra.run_file import RunFile, running
from infra.shards import SERVICES
from shared.contracts.subjects import MEMBER_EVENTS

_READY_SECONDS: Final = 600.0
_STOP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_UP: Final = (sys.executable, "-P", "-m", "infra.cli.main", "up")
PARTS: Final = {
    **{name: f"services.{name}.main" for name in SERVICES},
    "auditor": "infra.audit.main",
    "postgresql": "postgres",
    "nats-server": "nats-server",
}
"""The processes that the supervisor starts, and what in a command line tells them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """How far everything had come at a moment (``time.perf_counter``)."""

    at: float
    triage: int
    history: int
    raised: int
    routed: int
    queued: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen(Reached):
    """What it had taken, too: seconds of processor time, of all and by part, and fsyncs, since the start."""

    cpu: float
    cpu_of: dict[str, float]
    fsyncs: int | None


class System:
    """A running Warmline."""

    def __init__(self, run: RunFile, connection: psycopg.AsyncConnection[Any]) -> None:
        self.run = run
        self._connection = connection

    async def number(self, query: str) -> int:
        """Return the one number that ``query`` gives, 0 for null."""
        row = await (await self._connection.execute(query.encode())).fetchone()
        return int(row[0] or 0) if row else 0

    async def stored(self) -> int:
        """Return the last sequence of MEMBER_EVENTS."""
        client = await nats.connect(self.run.nats_url)
        try:
            return (await client.jetstream().stream_info(MEMBER_EVENTS)).state.last_seq
        finally:
            await client.close()

    async def disk(self) -> dict[str, int]:
        """Return how many bytes each part takes: streams, and tables with their indexes."""
        client = await nats.connect(self.run.nats_url)
        try:
            streams = sum(one.state.bytes for one in await client.jetstream().streams_info())
        finally:
            await client.close()
        tables = {name: await self.number(_TABLES.format(schemas=schemas)) for name, schemas in _SCHEMAS.items()}
        return {"streams": streams, **tables}

    async def reached(self) -> Reached:
        """Return how far everything has come."""
        return Reached(
            at=time.perf_counter(),
            triage=await self.number(progress.TRIAGE),
            history=await self.number(progress.HISTORY),
            raised=await self.number(_RELAYED),
            routed=await self.number(progress.NOTIFIER),
            queued=await self.number(progress.QUEUE),
        )

    async def seen(self) -> Seen:
        """Return what it took, too: a tenth of a second of work, in which nothing is sent."""
        reached = await self.reached()
        return Seen(
            **asdict(reached),
            cpu=cpu_seconds([self.run.pid]),
            cpu_of=self._cpu_of_parts(),
            fsyncs=fsyncs_so_far(),
        )

    def _cpu_of_parts(self) -> dict[str, float]:
        found = dict.fromkeys(PARTS, 0.0)
        for process in psutil.Process(self.run.pid).children():
            try:
                command = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            for part, sign in PARTS.items():
                if sign in command:
                    found[part] += cpu_seconds([process.pid])
                    break
        return found

    def service_pids(self) -> dict[str, list[int]]:
        """Return the processes of each service."""
        found: dict[str, list[int]] = {name: [] for name in SERVICES}
        for process in psutil.Process(self.run.pid).children():
            try:
                command = " ".join(process.cmdline())
            except psutil.NoSuchProcess:
                continue
            for name in SERVICES:
                if f"services.{name}.main" in command:
                    found[name].append(process.pid)
        return found


_RELAYED: Final = "SELECT sum(relayed_seq) FROM (SELECT max(relayed_seq) AS relayed_seq FROM triage.shards) AS t"

_SCHEMAS: Final = {
    "triage": "'triage'",
    "history": "'view_history'",
    "touches": "'notifier', 'view_queue'",
}
_TABLES: Final = (
    "SELECT sum(pg_total_relation_size(c.oid)) FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace "
    "WHERE c.relkind = 'r' AND n.nspname IN ({schemas})"
)


@asynccontextmanager
async def system(
    data: Path, *, processes: int = 1, policy: str | None = None, told: Mapping[str, str] | None = None
) -> AsyncIterator[System]:
    """Run ``warmline up`` on ``data`` and stop it at the end; the folder stays.

    ``policy`` is another than ``policy_text`` gives, ``told`` is more environment.
    """
    adopted = data / "bench-policy.yaml"
    adopted.write_text(policy or policy_text(), encoding="utf-8")
    log = data / "up.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(*_UP, "--processes", str(processes)),
            env={**_environment(data, adopted), **(told or {})},
            stdout=output,
            stderr=output,
        )
    try:
        await _ready(process, log)
        run = running(data)
        if run is None:
            raise RuntimeError(f"warmline up is not running:\n{tail_of(log)}")
        async with await psycopg.AsyncConnection.connect(run.postgres_url, autocommit=True) as connection:
            yield System(run, connection)
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


async def _ready(process: asyncio.subprocess.Process, log: Path) -> None:
    async with asyncio.timeout(_READY_SECONDS):
        while re.search(r"Warmline is ready", tail_of(log)) is None:
            if process.returncode is not None:
                raise RuntimeError(f"warmline up has ended:\n{tail_of(log)}")
            await asyncio.sleep(_POLL_SECONDS)


def _environment(data: Path, policy: Path) -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WARMLINE_")}
    for name in ("PORT", "NATS_NODES"):
        kept.pop(name, None)
    return {
        **kept,
        "DATA": str(data),
        "POLICY": str(policy),
        "DEMO": "0",
        "WARMLINE_TOKEN": TOKEN,
        "WARMLINE_PARTITIONS": str(PARTITIONS),
        "WARMLINE_STREAM_BYTES": "100GiB",
        # A benchmark is a sender gone wild, and all of its communities are.
        "WARMLINE_QUOTA_RATE": "1000000",
        "WARMLINE_QUOTA_BURST": "10000000",
        "WARMLINE_QUOTA_SHARE": "100",
        "COLUMNS": "200",
    }
