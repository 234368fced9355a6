"""What of the bare ASGI application's speed is left at ingest: single events, and arrays of 100."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import httpx
import msgspec

from benchmarks.against.bare_ingest import STREAM
from benchmarks.http_load import ARRAY, SINGLE, connections, post_all, request
from benchmarks.meter import Meter
from benchmarks.options import Options
from benchmarks.processes import running_module
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.stage import TOKEN, Database, Stage, tail_of
from benchmarks.workload import policy, posted_bodies
from infra.ports import claim_internal

ROW: Final = "ingest_http"
_ARRAY_EVENTS: Final = 100
_SINGLE_CONNECTIONS: Final = 64
_ARRAY_CONNECTIONS: Final = 8
_SINGLES_A_SECOND: Final = 8_000
_ARRAYS_A_SECOND: Final = 500
_UP_SECONDS: Final = 60.0
_POLL_SECONDS: Final = 0.02
_HOW: Final = (
    "64 connections with single events, 8 with arrays, from the same machine, each answered when the event is "
    "stored durably (sync_interval: always). The bare application compares a token, decodes and publishes by the same "
    "publisher; ingest also validates every field, keeps quotas, and tells the fate of each event."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Send the same requests to both applications in turn."""
    ways = {
        "ingest, single": lambda: _turn(stage, options.seconds, bare=False, arrays=False),
        "bare, single": lambda: _turn(stage, options.seconds, bare=True, arrays=False),
        "ingest, arrays of 100": lambda: _turn(stage, options.seconds, bare=False, arrays=True),
        "bare, arrays of 100": lambda: _turn(stage, options.seconds, bare=True, arrays=True),
    }
    rounds = await interleaved(ways, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples["ingest, single"]),
        discarded=rounds.discarded,
        sizes={"seconds": options.seconds},
        figures={
            "ingest-single": rounds.ratio("ingest, single", "bare, single"),
            "ingest-arrays": rounds.ratio("ingest, arrays of 100", "bare, arrays of 100"),
        },
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


async def _turn(stage: Stage, seconds: int, *, bare: bool, arrays: bool) -> Sample:
    each = _ARRAY_EVENTS if arrays else 1
    rate = _ARRAYS_A_SECOND if arrays else _SINGLES_A_SECOND
    requests = (array_requests if arrays else _single_requests)(seconds * rate * each)
    async with stage.database() as database, ingest(stage, database, bare=bare) as (url, pid):
        pids = (pid, *stage.server_pids)
        async with connections(url, _ARRAY_CONNECTIONS if arrays else _SINGLE_CONNECTIONS) as opened:
            await post_all(opened, requests[: len(requests) // 20], seconds)
            meter = Meter(pids)
            answered, elapsed = await post_all(opened, requests[len(requests) // 20 :], seconds)
            return meter.sample(answered * each, seconds=elapsed)


def _single_requests(events: int) -> list[bytes]:
    bodies = (msgspec.json.encode(event) for event in posted_bodies(events))
    return [request("POST", "/v1/events", TOKEN, body, SINGLE) for body in bodies]


def array_requests(events: int) -> list[bytes]:
    """Return requests that post so many events in arrays of 100."""
    posted = posted_bodies(events)
    starts = range(0, events, _ARRAY_EVENTS)
    bodies = (msgspec.json.encode(posted[start : start + _ARRAY_EVENTS]) for start in starts)
    return [request("POST", "/v1/events", TOKEN, body, ARRAY) for body in bodies]


@asynccontextmanager
async def ingest(stage: Stage, database: Database, *, bare: bool) -> AsyncIterator[tuple[str, int]]:
    """Run ingest, with its policy adopted, or the bare application; give its address and process."""
    claim = claim_internal(None)
    url = f"http://127.0.0.1:{claim.port}"
    env = {
        **database.env,
        "WARMLINE_INGEST_PORT": str(claim.port),
        "WARMLINE_QUOTA_RATE": "1000000",
        "WARMLINE_QUOTA_BURST": "10000000",
        "WARMLINE_QUOTA_SHARE": "100",
    }
    js = stage.client.jetstream()
    if bare:
        config = json.dumps({
            "name": STREAM, "subjects": ["bare.>"], "storage": "file", "allow_atomic": True, "max_bytes": 2**30,
            "duplicate_window": 600_000_000_000,
        })  # fmt: skip
        await stage.client.request(f"$JS.API.STREAM.CREATE.{STREAM}", config.encode(), timeout=10)
    module = "benchmarks.against.bare_ingest" if bare else "services.ingest.main"
    log = stage.data / f"{module}.log"
    try:
        async with (
            running_module(module, env, log) as process,
            httpx.AsyncClient(
                base_url=url, headers={"authorization": f"Bearer {TOKEN}"}, trust_env=False, timeout=30
            ) as client,
        ):
            await _answers(client, process, log, bare=bare)
            yield url, process.pid
    finally:
        claim.release()
        if bare:
            await js.delete_stream(STREAM)


async def _answers(client: httpx.AsyncClient, process: asyncio.subprocess.Process, log: Path, *, bare: bool) -> None:
    """Wait until it takes events; ingest is given its policy before."""
    async with asyncio.timeout(_UP_SECONDS):
        while True:
            try:
                if bare:
                    (await client.post("/v1/events", content=b"[]")).raise_for_status()
                else:
                    (await client.put("/v1/policy", content=msgspec.json.encode(policy()))).raise_for_status()
            except httpx.TransportError:
                if process.returncode is not None:
                    raise RuntimeError(f"it has ended:\n{tail_of(log)}") from None
                await asyncio.sleep(_POLL_SECONDS)
            else:
                return
