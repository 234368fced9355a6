"""``/api/v1/members``: who a member is and what they did."""

from __future__ import annotations

from litestar import get
from litestar.params import FromPath

from services.projections.api.parameters import Cursor, Limit, refuse_unknown_parameters
from services.projections.injected import GivenReader, SignedRequest
from services.projections.problems import not_found
from services.projections.resources import HistoryPage, MemberDetail


@get("/members/{member:str}", summary="One member", operation_id="getMember", tags=["members"])
async def get_member(request: SignedRequest, reader: GivenReader, member: FromPath[str]) -> MemberDetail:
    """Return a member by key, with the open touches about them."""
    detail = await reader.member(member, request.user)
    if detail is None:
        raise not_found("member")
    return detail


@get("/members/{member:str}/history", summary="A member's history", operation_id="listHistory", tags=["members"])
async def list_history(
    request: SignedRequest, reader: GivenReader, member: FromPath[str], limit: Limit = 50, cursor: Cursor = None
) -> HistoryPage:
    """Member events, newest first."""
    refuse_unknown_parameters(request, "limit", "cursor")
    page = await reader.history(member, cursor, limit, request.user)
    if not page.items and cursor is None:
        raise not_found("member")
    return page
