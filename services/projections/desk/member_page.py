"""One member: who they are, what they did, page by page, and what the team tells of them."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, time
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlencode

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from services.projections.desk.forms import sent_form
from services.projections.desk.rendering import Pages
from services.projections.desk.words import URGENCIES, WAYS
from services.projections.injected import GivenMemberCommands, GivenPages, GivenReader, GivenSessions, SignedRequest
from services.projections.member_commands import basis
from services.projections.problems import Problem, not_found
from services.projections.reading import Reader
from services.projections.resources import MemberDetail
from services.projections.viewer import Viewer
from shared.contracts.commands import AskForTouch, LogCare, MemberCommand

_PAGE: Final = 30
_AT_ONCE: Final = 5
"""How many of the member's touches are shown unfolded, in the queue's order; the story stays within reach."""

_MOST_CHARACTERS: Final = 2_000
_EMPTY: Final = {"text": "", "urgency": "soon", "way": "call", "day": ""}


@get("/members/{member:str}", include_in_schema=False)
async def member_page(
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    member: FromPath[str],
) -> Response[Any]:
    """Show a member and a page of their story, newest first."""
    return await _page(request, member, pages=pages, reader=reader, cursor=request.query_params.get("cursor"))


@post("/members/{member:str}/{verb:str}", include_in_schema=False)
async def tell(
    *,
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    sessions: GivenSessions,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    verb: FromPath[str],
) -> Response[Any]:
    """Ask for a touch, or log care; a refusal is shown on the member's page."""
    form = await sent_form(request, sessions)
    detail = await reader.member(member, request.user)
    if detail is None:
        raise not_found("member")
    try:
        told = await member_commands.send(_command(verb, form, detail, request.user), request.user)
    except Problem as problem:
        return await _page(request, member, pages=pages, reader=reader, problem=problem, tried=verb, sent=form)
    path = f"/touches/{told.touch}" if told.touch else f"/members/{member}"
    return Redirect(path, status_code=HTTPStatus.SEE_OTHER.value)


async def _page(
    request: SignedRequest,
    member: str,
    *,
    pages: Pages,
    reader: Reader,
    cursor: str | None = None,
    problem: Problem | None = None,
    tried: str | None = None,
    sent: Mapping[str, str] | None = None,
) -> Response[Any]:
    detail = await reader.member(member, request.user)
    if detail is None:
        raise not_found("member")
    story = await reader.history(member, cursor, _PAGE, request.user)
    return pages.page(
        "member.html",
        viewer=request.user,
        session=request.auth,
        status=problem.status if problem else HTTPStatus.OK,
        member=detail,
        at_once=_AT_ONCE,
        story=story,
        older=f"/members/{member}?{urlencode({'cursor': story.next})}" if story.next else None,
        first=cursor is None,
        problem=problem,
        tried=tried,
        sent={**_EMPTY, **(sent or {})},
        serves=_serves(request.user, detail),
        today=datetime.now(UTC).date().isoformat(),
        # One for each time a form is shown: sending it twice tells it once.
        command_id=(sent or {}).get("command_id") or secrets.token_urlsafe(18),
    )


def _serves(viewer: Viewer, member: MemberDetail) -> bool:
    themselves = any((one.platform, one.id) == (member.platform, member.platform_id) for one in viewer.identities)
    return viewer.responder is not None and viewer.organisation == member.organisation and not themselves


def _command(verb: str, form: Mapping[str, str], member: MemberDetail, viewer: Viewer) -> MemberCommand:
    if viewer.responder is None or not _serves(viewer, member):
        raise Problem(HTTPStatus.FORBIDDEN, "Only the team of this community tells what is about its members.")
    common = basis(member, viewer.responder, form.get("command_id", "")[:100] or None)
    text = form.get("text", "").strip()
    if len(text) > _MOST_CHARACTERS:
        raise Problem(HTTPStatus.BAD_REQUEST, f"That is {len(text)} characters: {_MOST_CHARACTERS} are the most.")
    match verb:
        case "ask":
            if not text:
                raise Problem(HTTPStatus.BAD_REQUEST, "Say why: whoever takes it on needs to know.")
            for urgency in URGENCIES:
                if urgency == form.get("urgency"):
                    return AskForTouch(**common, why=text, urgency=urgency)
            raise Problem(HTTPStatus.BAD_REQUEST, "Say how soon: choose one.")
        case "log-care":
            for way in WAYS:
                if way == form.get("way"):
                    return LogCare(**common, way=way, note=text or None, at=_moment(form.get("day", "")))
            raise Problem(HTTPStatus.BAD_REQUEST, "Say how you reached them: choose one.")
    raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")


def _moment(day: str) -> datetime | None:
    """Return the end of an earlier day; None, which is now, for today and for what is no day."""
    try:
        end = datetime.combine(datetime.fromisoformat(day).date(), time.max, tzinfo=UTC)
    except ValueError:
        return None
    return end if end < datetime.now(UTC) else None
