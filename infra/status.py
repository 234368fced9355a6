"""Whether a run is ready: asked of the running parts, never assumed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import httpx
import psycopg

from infra.operator_error import OperatorError
from infra.run_file import RunFile
from infra.shards import all_shards

Check = Callable[[RunFile], Awaitable[str | None]]
"""Returns None if that part of the run is ready, else why not, in words for an operator."""

_EVERY = 0.05


async def wait_ready(run: RunFile, seconds: float, checks: Sequence[Check] = ()) -> None:
    """Wait until the desk, ingest, the auditor and every one of `checks` is ready.

    Raises OperatorError saying what is not, after `seconds`.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
        missing: Sequence[Check] = (
            partial(_why_not_healthy, client, "the desk", run.desk_url),
            partial(_why_not_healthy, client, "ingest", run.ingest_url),
            *([partial(_why_not_healthy, client, "the auditor", run.auditor_url)] if run.auditor_url else []),
            *checks,
        )
        while True:
            answers = await asyncio.gather(*(check(run) for check in missing))
            why_not = [answer for answer in answers if answer is not None]
            if not why_not:
                return
            missing = [check for check, answer in zip(missing, answers, strict=True) if answer is not None]
            if asyncio.get_running_loop().time() > deadline:
                raise OperatorError(f"Not ready after {seconds:.0f} s: {'; '.join(why_not)}. Look into DATA/logs.")
            await asyncio.sleep(_EVERY)


async def why_not_owned(run: RunFile) -> str | None:
    """Return None when every shard has a living owner, else which have none."""
    try:
        async with await psycopg.AsyncConnection.connect(
            run.postgres_url, autocommit=True, connect_timeout=2
        ) as connection:
            rows = await all_shards(connection)
    except psycopg.Error as error:
        return f"PostgreSQL does not answer ({type(error).__name__})"
    missing = [f"{row.service}/{row.shard}" for row in rows if not row.owned]
    return f"nobody owns {', '.join(missing)} yet" if missing else None


async def _why_not_healthy(client: httpx.AsyncClient, name: str, url: str, _run: RunFile) -> str | None:
    try:
        response = await client.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        return f"{name} does not answer at {url} ({type(error).__name__})"
    return None if response.status_code == 200 else f"{name} answers {response.status_code} at {url}/healthz"
