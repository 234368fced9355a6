"""Whether a run is ready: asked of the running parts, never assumed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

import httpx

from infra.operator_error import OperatorError
from infra.run_file import RunFile

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


async def _why_not_healthy(client: httpx.AsyncClient, name: str, url: str, _run: RunFile) -> str | None:
    try:
        response = await client.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        return f"{name} does not answer at {url} ({type(error).__name__})"
    return None if response.status_code == 200 else f"{name} answers {response.status_code} at {url}/healthz"
