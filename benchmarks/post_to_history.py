"""How long from POST to the member's history: ``python -m benchmarks.post_to_history``.

Measured on the system that runs on DATA. Beside it, in the same run, stands the bare round trip of the same request
as a duplicate, which stores and folds nothing.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import httpx
import psycopg

from infra.run_file import running
from infra.token import administrator_token

ROUNDS: Final = 200
COMMUNITY: Final = os.environ.get("COMMUNITY", "my-community")


def _event(run: str, number: int) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"post:{run}-{number}:1",
        "source": "/discord/benchmark",
        "type": "warmline.member.posted.v1",
        "time": datetime.now(UTC).isoformat(),
        "data": {
            "community": COMMUNITY,
            "platform": "discord",
            "member": {"id": "u1", "name": "Ada"},
            "conversation": f"c-{run}-{number}",
            "message": f"m-{run}-{number}",
            "text": "Nothing to ask.",
        },
    }


async def _measure(data: Path) -> None:
    run = running(data)
    if run is None:
        sys.exit(f"No Warmline runs on {data}: start it with make run, or name its folder with DATA.")
    headers = {
        "authorization": f"Bearer {administrator_token(data, os.environ)}",
        "content-type": "application/cloudevents+json",
    }
    name = secrets.token_hex(4)
    accepted, shown, bare = [], [], []
    async with (
        httpx.AsyncClient(base_url=run.ingest_url, headers=headers, trust_env=False) as client,
        await psycopg.AsyncConnection.connect(run.postgres_url, autocommit=True) as connection,
    ):
        for number in range(ROUNDS):
            event = _event(name, number)
            start = time.perf_counter()
            (await client.post("/v1/events", json=event)).raise_for_status()
            accepted.append(time.perf_counter() - start)
            while not await _in_history(connection, event["id"]):  # noqa: ASYNC110 -- the other end is a process
                await asyncio.sleep(0)
            shown.append(time.perf_counter() - start)
            start = time.perf_counter()
            (await client.post("/v1/events", json=event)).raise_for_status()
            bare.append(time.perf_counter() - start)
    for title, times in (("POST, accepted", accepted), ("POST to history", shown), ("POST of a duplicate", bare)):
        ordered = sorted(times)
        median, p99 = statistics.median(ordered), ordered[int(len(ordered) * 0.99)]
        figures = f"median {median * 1000:6.1f} ms   p99 {p99 * 1000:6.1f} ms   ({len(ordered)} rounds)"
        sys.stdout.write(f"{title:<22} {figures}\n")


async def _in_history(connection: psycopg.AsyncConnection[Any], event: str) -> bool:
    cursor = await connection.execute("SELECT FROM view_history.history WHERE event = %s AND kind = 'posted'", (event,))
    return cursor.rowcount > 0


if __name__ == "__main__":
    asyncio.run(_measure(Path(os.environ.get("DATA", ".data")).resolve()))
