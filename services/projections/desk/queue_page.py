"""The first page: who needs a human now."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.response import Redirect

from services.projections.injected import GivenChanges, GivenPages, GivenReader, SignedRequest
from services.projections.queue.queries import STATES, QueueFilter

_PAGE: Final = 50
_FILTERS: Final = ("community", "segment", "reason", "responder", "state", "escalated")
_NAMED: Final = 5
"""How many of those that have escalated are named above the queue."""


@get("/", include_in_schema=False)
async def queue_page(
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    changes: GivenChanges,
) -> Response[Any]:
    """Show the queue, narrowed by what the address asks for."""
    if request.auth is not None and not request.auth.chosen:
        return Redirect("/who", status_code=303)
    mark = changes.mark
    chosen = {name: request.query_params.get(name, "") for name in _FILTERS}
    wanted = QueueFilter(
        community=chosen["community"] or None,
        segment=chosen["segment"] or None,
        reason=chosen["reason"] or None,
        responder=chosen["responder"] or None,
        state=state if (state := chosen["state"]) in STATES else None,
        escalated=True if chosen["escalated"] else None,
    )
    page = await reader.queue(wanted, request.query_params.get("cursor"), _PAGE, request.user)
    facets = await reader.facets(request.user)
    unclaimed = (
        await reader.queue(QueueFilter(escalated=True), None, _NAMED, request.user) if facets.escalated else None
    )
    narrowed = {name: value for name, value in chosen.items() if value}
    return pages.page(
        "queue.html",
        viewer=request.user,
        session=request.auth,
        mark=mark,
        page=page,
        facets=facets,
        unclaimed=unclaimed.items if unclaimed else [],
        chosen=chosen,
        narrowed=narrowed,
        more=f"/?{urlencode({**narrowed, 'cursor': page.next})}" if page.next else None,
        first="cursor" not in request.query_params,
    )
