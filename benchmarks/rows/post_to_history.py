"""How long from POST to the member's history while nothing else happens, over the bare two hops."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from benchmarks.against.bare_rows import TABLE
from benchmarks.http_load import Connection, connect, request
from benchmarks.options import Options
from benchmarks.processes import running_module
from benchmarks.results import RowResult
from benchmarks.rows.ingest_http import ingest
from benchmarks.stage import TOKEN, Database, Stage
from benchmarks.workload import posted_bodies
from shared.contracts.names import event_key

ROW: Final = "post_to_history"
_WARM: Final = 20
_WAIT_SECONDS: Final = 60.0
_PAUSE_SECONDS: Final = 0.0005
"""Who asks without a pause takes a processor from those that are measured."""
_ROWS: Final = {
    "ours": "SELECT count(*) FROM view_history.history WHERE key = '{key}'",
    "bare": "SELECT count(*) FROM public.bare_rows WHERE event = '{event}'",
}
_HOW: Final = (
    "One event at a time, ours and bare in turn on the same servers, from the first byte of the request until a query, "
    "asked each half millisecond, finds the row. The bare two hops are the bare ASGI application and a bare loop that "
    "inserts one row; behind ours triage reads the same stream."
)


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Post one event to each in turn, again and again, and wait for its row."""
    posts = options.size("POSTS", 200 * options.rounds)
    async with stage.database() as database:
        await database.connection.execute(TABLE)
        async with (
            ingest(stage, database, bare=False) as (ours, _),
            ingest(stage, database, bare=True) as (bare, _),
            running_module("services.triage.main", database.env, stage.data / "triage.log"),
            running_module("services.projections.main", database.env, stage.data / "projections.log"),
            running_module("benchmarks.against.bare_rows", database.env, stage.data / "bare_rows.log"),
        ):
            found = await _in_turn(database, {"ours": ours, "bare": bare}, posts)
    medians = {name: statistics.median(times) for name, times in found.items()}
    late = {name: _p99(times) for name, times in found.items()}
    for name in found:
        report(f"  {name}: median {medians[name] * 1000:.1f} ms, 99 % within {late[name] * 1000:.1f} ms")
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=1,
        discarded=0,
        sizes={"posts": posts},
        figures={
            "post-median": medians["ours"] / medians["bare"],
            "post-p99": late["ours"] / late["bare"],
            "post-median-ms": medians["ours"] * 1000,
            "post-p99-ms": late["ours"] * 1000,
            "bare-median-ms": medians["bare"] * 1000,
            "bare-p99-ms": late["bare"] * 1000,
        },
        contestants=(),
        notes=(_HOW,),
    )


async def _in_turn(database: Database, urls: Mapping[str, str], posts: int) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {name: [] for name in urls}
    open_to = {name: await connect(url) for name, url in urls.items()}
    bodies = iter(posted_bodies(2 * (posts + _WARM)))
    for number in range(posts + _WARM):
        for name, url in urls.items():
            if open_to[name].closed:
                open_to[name] = await connect(url)
            took = await _timed(database, open_to[name], next(bodies), _ROWS[name])
            if number >= _WARM:
                times[name].append(took)
    for connection in open_to.values():
        connection.close()
    return times


async def _timed(database: Database, connection: Connection, event: dict[str, Any], row: str) -> float:
    key = event_key(event["data"]["community"], event["source"], event["id"])
    query = row.format(key=key, event=event["id"])
    post = request("POST", "/v1/events", TOKEN, json.dumps(event).encode())
    start = time.perf_counter()
    status, answer = await connection.ask(post)
    if status != 200:
        raise RuntimeError(f"HTTP {status}: {answer[:300].decode(errors='replace')}")
    await database.reach(query, 1, _WAIT_SECONDS, pause=_PAUSE_SECONDS)
    return time.perf_counter() - start


def _p99(times: Sequence[float]) -> float:
    return sorted(times)[int(len(times) * 0.99)]
