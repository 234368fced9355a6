"""Server-Sent Events that tell an open page that queue or alarms have changed. The page then asks for the content."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from litestar import get
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from services.projections.injected import GivenAudit, GivenChanges

_IDLE_SECONDS: Final = 5.0


@get("/desk/live", include_in_schema=False)
async def live(changes: GivenChanges, audit: GivenAudit) -> ServerSentEvent:
    """Send the mark of queue and alarms now, when the queue changes, and every few seconds for the alarms."""

    async def marks() -> AsyncIterator[ServerSentEventMessage]:
        yield _mark(changes.mark, audit.standing.mark)
        async for mark in changes.follow(_IDLE_SECONDS):
            yield _mark(mark, audit.standing.mark)

    return ServerSentEvent(marks(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _mark(queue: tuple[int, int], alarms: int) -> ServerSentEventMessage:
    return ServerSentEventMessage(event="mark", data=f"{queue[0]}.{queue[1]}.{alarms}", retry=2000)
