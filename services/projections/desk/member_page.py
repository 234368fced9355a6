"""One member: who they are and what they did, page by page."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get
from litestar.params import FromPath

from services.projections.injected import GivenPages, GivenReader, SignedRequest
from services.projections.problems import not_found

_PAGE: Final = 30
_AT_ONCE: Final = 5
"""How many of the member's touches are shown unfolded, in the queue's order; the story stays within reach."""


@get("/members/{member:str}", include_in_schema=False)
async def member_page(
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    member: FromPath[str],
) -> Response[Any]:
    """Show a member and a page of their story, newest first."""
    detail = await reader.member(member, request.user)
    if detail is None:
        raise not_found("member")
    cursor = request.query_params.get("cursor")
    story = await reader.history(member, cursor, _PAGE, request.user)
    return pages.page(
        "member.html",
        viewer=request.user,
        session=request.auth,
        member=detail,
        at_once=_AT_ONCE,
        story=story,
        older=f"/members/{member}?{urlencode({'cursor': story.next})}" if story.next else None,
        first=cursor is None,
    )
