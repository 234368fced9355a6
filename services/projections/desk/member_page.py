"""One member: who they are, what they did, page by page, and what the team tells of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from services.projections.acting import id_of_command
from services.projections.desk.forms import sent_form
from services.projections.desk.member_forms import command_of, earliest_today, serves
from services.projections.desk.rendering import Pages
from services.projections.injected import (
    GivenMemberCommands,
    GivenPages,
    GivenReader,
    GivenSessions,
    GivenSuggestions,
    SignedRequest,
)
from services.projections.problems import Problem, not_found
from services.projections.reading import Reader
from services.projections.suggesting import Suggestions

_PAGE: Final = 30
_AT_ONCE: Final = 5
"""How many of the member's touches are shown unfolded, in the queue's order; the story stays within reach."""

_TOLD_AT_ONCE: Final = 5
_EMPTY: Final = {"other": "", "tag": "", "text": "", "urgency": "soon", "way": "call", "day": ""}


@get("/members/{member:str}", include_in_schema=False)
async def member_page(
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    suggestions: GivenSuggestions,
    member: FromPath[str],
) -> Response[Any]:
    """Show a member and a page of their story, newest first."""
    cursor = request.query_params.get("cursor")
    return await _page(request, member, pages=pages, reader=reader, suggestions=suggestions, cursor=cursor)


@post("/members/{member:str}/{verb:str}", include_in_schema=False)
async def tell(
    *,
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    sessions: GivenSessions,
    suggestions: GivenSuggestions,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    verb: FromPath[str],
) -> Response[Any]:
    """Tell what one knows of the member; a refusal is shown on their page."""
    form = await sent_form(request, sessions)
    detail = await reader.member(member, request.user)
    if detail is None:
        raise not_found("member")
    try:
        command = await command_of(verb, form, detail, request.user, reader)
        told = await member_commands.send(command, request.user)
    except Problem as problem:
        return await _page(
            request, member, pages=pages, reader=reader, suggestions=suggestions, problem=problem, tried=verb, sent=form
        )
    path = f"/touches/{told.touch}" if told.touch else f"/members/{member}"
    return Redirect(path, status_code=HTTPStatus.SEE_OTHER.value)


async def _page(
    request: SignedRequest,
    member: str,
    *,
    pages: Pages,
    reader: Reader,
    suggestions: Suggestions,
    cursor: str | None = None,
    problem: Problem | None = None,
    tried: str | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response[Any]:
    detail = await reader.member(member, request.user)
    if detail is None:
        raise not_found("member")
    today = datetime.now(UTC).date()
    story = await reader.history(member, cursor, _PAGE, request.user)
    return pages.page(
        "member.html",
        viewer=request.user,
        session=request.auth,
        status=problem.status if problem else HTTPStatus.OK,
        member=detail,
        at_once=_AT_ONCE,
        told_at_once=_TOLD_AT_ONCE,
        suggestions=await suggestions.of_member(member, request.user) if cursor is None else [],
        story=story,
        older=f"/members/{member}?{urlencode({'cursor': story.next})}" if story.next else None,
        first=cursor is None,
        problem=problem,
        tried=tried,
        sent={**_EMPTY, **(sent or {})},
        serves=serves(request.user, detail),
        today=today,
        earliest_today=earliest_today(),
        responder=request.user.responder if request.user.organisation == detail.organisation else None,
        tomorrow=(today + timedelta(days=1)).isoformat(),
        # One for each time a form is shown: sending it twice tells it once.
        command_id=id_of_command((sent or {}).get("command_id")),
    )
