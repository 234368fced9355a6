"""``/api/v1/queue``: who needs a human."""

from __future__ import annotations

from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from services.projections.api.parameters import Cursor, Limit, refuse_unknown_parameters
from services.projections.injected import GivenReader, SignedRequest
from services.projections.queue.queries import QueueFilter, State
from services.projections.resources import QueuePage
from shared.contracts.names import NAME_PATTERN

_Community = Annotated[str | None, QueryParameter(pattern=NAME_PATTERN, description="Only touches of this community")]
_Segment = Annotated[str | None, QueryParameter(pattern=NAME_PATTERN, description="Only touches of this segment")]
_Reason = Annotated[
    str | None, QueryParameter(pattern=NAME_PATTERN, description="Only touches for this reason, such as unanswered")
]
_Responder = Annotated[
    str | None, QueryParameter(pattern=NAME_PATTERN, description="Only touches that are with this responder")
]
_State = Annotated[
    State | None, QueryParameter(name="state", description="Only touches in this state; default: all that are open")
]
_Escalated = Annotated[
    bool | None, QueryParameter(description="Only touches that have escalated, or with false only the others")
]


@get("/queue", summary="The queue", operation_id="listQueue", tags=["queue"])
async def list_queue(
    *,
    request: SignedRequest,
    reader: GivenReader,
    community: _Community = None,
    segment: _Segment = None,
    reason: _Reason = None,
    responder: _Responder = None,
    in_state: _State = None,
    escalated: _Escalated = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> QueuePage:
    """Touches: urgent ones first, then oldest and heaviest, where a point of care load counts as an hour of waiting."""
    known = ("community", "segment", "reason", "responder", "state", "escalated", "limit", "cursor")
    refuse_unknown_parameters(request, *known)
    wanted = QueueFilter(
        community=community,
        segment=segment,
        reason=reason,
        responder=responder,
        state=in_state,
        escalated=escalated,
    )
    return await reader.queue(wanted, cursor, limit, request.user)
