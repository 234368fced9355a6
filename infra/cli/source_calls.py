"""What `warmline source` asks of ingest."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import httpx
import msgspec

from infra.ingest_client import IngestClient, ingest_client
from infra.operator_error import OperatorError
from infra.running_system import running_system
from services.ingest.source_forms import SignedSample, SourceListed, Tried

T = TypeVar("T")


def run_on_ingest(data: Path, work: Callable[[IngestClient], Awaitable[T]]) -> T:
    """Return what ``work`` does by the running system's ingest; raises OperatorError."""
    system = running_system(data, os.environ)

    async def run() -> T:
        async with ingest_client(system.ingest_url, system.token, patience=10) as ingest:
            return await work(ingest)

    return asyncio.run(run())


def on_source(
    data: Path,
    platform: str,
    name: str,
    community: str | None,
    work: Callable[[IngestClient, SourceListed], Awaitable[T]],
) -> T:
    """Return what ``work`` does with the one source of that name, as for ``run_on_ingest``."""

    async def on_found(ingest: IngestClient) -> T:
        found = [
            each
            for each in await ingest.sources()
            if (each.platform, each.name) == (platform, name) and community in {None, each.community}
        ]
        if not found:
            raise OperatorError(f"There is no source /{platform}/{name}. Look with: warmline source list")
        if len(found) > 1:
            communities = " or ".join(each.community for each in found)
            raise OperatorError(
                f"Several communities have a source /{platform}/{name}: give --community {communities}."
            )
        return await work(ingest, found[0])

    return run_on_ingest(data, on_found)


def try_hook(base: str, request: SignedSample) -> Tried:
    """Return what came of a signed sample that was sent to ``base``; raises OperatorError when it does not arrive."""
    try:
        answer = httpx.post(base + request.path, content=request.body, headers=request.headers, timeout=10)
    except httpx.HTTPError as error:
        raise OperatorError(
            f"{base}{request.path} does not answer ({type(error).__name__}): is --url where platforms reach this "
            "Warmline, and does the proxy pass on /v1/hooks/?"
        ) from error
    try:
        if answer.status_code == 200:
            return msgspec.json.decode(answer.content, type=Tried)
    except msgspec.DecodeError:
        pass
    raise OperatorError(
        f"{base}{request.path} answered {answer.status_code}: what stands in between must pass on the path, the "
        "headers and each byte of the body unchanged."
    )
