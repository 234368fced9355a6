"""``/api/v1/queue``: who needs a human."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Request, get
from litestar.params import Parameter

from services.projections.api.parameters import Cursor, Limit, refuse_unknown_parameters
from services.projections.desk.session import Session
from services.projections.queue.queries import QueueFilter, State
from services.projections.reading import Reader
from services.projections.resources import QueuePage
from services.projections.viewer import Viewer
from shared.contracts.names import Name

_Community = Annotated[Name | None, Parameter(description="Only touches of this community")]
_Segment = Annotated[Name | None, Parameter(description="Only touches routed by this segment")]
_Reason = Annotated[Name | None, Parameter(description="Only touches for this reason, such as unanswered")]
_Responder = Annotated[Name | None, Parameter(description="Only touches that are with this responder")]
_State = Annotated[State | None, Parameter(description="Only touches in this state; default: all that are open")]


@get("/queue", summary="The queue", operation_id="listQueue", tags=["queue"])
async def list_queue(
    *,
    request: Request[Viewer, Session | None, Any],
    reader: Reader,
    community: _Community = None,
    segment: _Segment = None,
    reason: _Reason = None,
    responder: _Responder = None,
    state: _State = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> QueuePage:
    """Touches: urgent ones first, then oldest and heaviest, where a point of care load counts as an hour of waiting."""
    refuse_unknown_parameters(request, "community", "segment", "reason", "responder", "state", "limit", "cursor")
    wanted = QueueFilter(community=community, segment=segment, reason=reason, responder=responder, state=state)
    return await reader.queue(wanted, cursor, limit, request.user)
