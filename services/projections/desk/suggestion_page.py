"""The page of those who may be one person: a human decides of each pair."""

from __future__ import annotations

from typing import Any

from litestar import Response, get
from litestar.params import FromPath

from services.projections.acting import id_of_command
from services.projections.injected import GivenPages, GivenSuggestions, SignedRequest


@get("/suggestions/{community:str}", include_in_schema=False)
async def suggestion_page(
    request: SignedRequest, pages: GivenPages, suggestions: GivenSuggestions, community: FromPath[str]
) -> Response[Any]:
    """Show the pairs of a community that nobody has decided on."""
    return pages.page(
        "suggestions.html",
        viewer=request.user,
        session=request.auth,
        community=community,
        suggestions=await suggestions.of_community(community, request.user),
        serves=request.user.responder is not None,
        command_id=id_of_command(),
    )
