"""Server-Sent Events that tell an open page that the queue has changed. They carry no content: the page asks anew."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from litestar import get
from litestar.response import ServerSentEvent
from litestar.response.sse import ServerSentEventMessage

from services.projections.injected import GivenChanges

_IDLE_SECONDS: Final = 15.0


@get("/desk/live", include_in_schema=False)
async def live(changes: GivenChanges) -> ServerSentEvent:
    """Send the queue's mark now, at every change, and now and then so that dead connections are found."""

    async def marks() -> AsyncIterator[ServerSentEventMessage]:
        yield _mark(changes.mark)
        async for mark in changes.follow(_IDLE_SECONDS):
            yield _mark(mark)

    return ServerSentEvent(marks(), headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"})


def _mark(mark: tuple[int, int]) -> ServerSentEventMessage:
    return ServerSentEventMessage(event="mark", data=f"{mark[0]}.{mark[1]}", retry=2000)
