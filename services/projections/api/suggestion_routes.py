"""``/api/v1/suggestions``: who may be one person."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

from litestar import get
from litestar.params import QueryParameter

from services.projections.api.parameters import refuse_unknown_parameters
from services.projections.injected import GivenSuggestions, SignedRequest
from services.projections.problems import Problem
from services.projections.resources import SuggestionItem
from shared.contracts.names import NAME_PATTERN

_Community = Annotated[str | None, QueryParameter(pattern=NAME_PATTERN, description="In this community")]
_Member = Annotated[str | None, QueryParameter(description="Of this member, by key", max_length=100)]


@get("/suggestions", summary="Who may be one person", operation_id="listSuggestions", tags=["members"])
async def list_suggestions(
    request: SignedRequest, suggestions: GivenSuggestions, community: _Community = None, member: _Member = None
) -> list[SuggestionItem]:
    """Pairs of identities that the policy's rules take for one person, with what tells so; up to 200 of a community."""
    refuse_unknown_parameters(request, "community", "member")
    if (community is None) == (member is None):
        raise Problem(HTTPStatus.BAD_REQUEST, "Give one of: community, member.", field="community")
    if member is not None:
        return await suggestions.of_member(member, request.user)
    return await suggestions.of_community(community or "", request.user)
