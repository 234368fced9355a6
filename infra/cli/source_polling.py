"""A round of a source that is polled, made at once for whoever tries the source."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any, Final

from infra.ingest_client import IngestClient
from services.ingest.source_forms import SourceListed

_SECONDS: Final = 10.0
"""So long somebody waits to hear something: the round goes on without them."""
_LOOK_SECONDS: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """What came of a round so far: whether the platform was ``read``, and what is wrong or waited for, if anything.

    ``taken`` counts by kind what is kept, ``known`` what was before.
    """

    source: str
    read: bool
    why: str | None
    over: bool = True
    taken: dict[str, int] = field(default_factory=dict)
    known: int = 0


async def poll_now(ingest: IngestClient, source: SourceListed) -> Round:
    """Have a source polled at once, and return what comes of it within seconds; raises OperatorError."""
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
        tried = now.tried if now.tried != source.tried else None
        late = loop.time() >= until
        if tried is None and late:
            why = f"nobody has asked the platform for {_SECONDS:.0f} s: see warmline status"
            return Round(source=source.source, read=False, why=why, over=False)
        if tried is not None and (tried.over or late):
            return Round(
                source=source.source,
                read=tried.answered,
                why=tried.why,
                over=tried.over,
                taken=tried.taken,
                known=tried.known,
            )


def _key(source: SourceListed) -> tuple[str, str]:
    return source.community, source.source
