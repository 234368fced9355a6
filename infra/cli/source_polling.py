"""A round of a source that is polled, made at once for whoever tries the source."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Any, Final

from infra.ingest_client import IngestClient
from services.ingest.source_forms import SourceListed

_SECONDS: Final = 60.0
_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What came of a round: whether the platform was ``read``, and what is wrong, if anything."""

    source: str
    read: bool
    why: str | None


async def poll_now(ingest: IngestClient, source: SourceListed) -> Round:
    """Have a source polled at once, and return what comes of it; raises OperatorError when ingest is away."""
    if source.paused_at is not None:
        return Round(source=source.source, read=False, why="it is paused: go on with warmline source resume")
    await ingest.change_source("POST", source, "/poll", Any, json={})
    loop = asyncio.get_running_loop()
    until = loop.time() + _SECONDS
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        now = next((each for each in await ingest.sources() if _key(each) == _key(source)), None)
        if now is None:
            return Round(source=source.source, read=False, why="it was removed meanwhile")
        if now.polled_at != source.polled_at:
            return Round(source=source.source, read=True, why=now.why)
        failed_now = now.failing_since is not None and source.failing_since is None
        if now.stopped_at not in {None, source.stopped_at} or failed_now or loop.time() >= until:
            why = now.why or f"no round came to its end within {_SECONDS:.0f} s: a first reading takes its time"
            return Round(source=source.source, read=False, why=why)


def _key(source: SourceListed) -> tuple[str, str]:
    return source.community, source.source
