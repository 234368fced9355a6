"""``/api/v1/members``: who a member is, what they did, and what the team tells of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.projections.acting import Asking, Care, Told
from services.projections.api.parameters import Cursor, Limit, refuse_unknown_parameters
from services.projections.injected import GivenMemberCommands, GivenReader, SignedRequest
from services.projections.member_commands import basis
from services.projections.problems import Problem, not_found
from services.projections.reading import Reader
from services.projections.resources import HistoryPage, MemberDetail
from shared.contracts.commands import AskForTouch, LogCare

_LATER: Final = {202: ResponseSpec(data_container=Told, description="It is kept; the pages have not caught up with it")}


@get("/members/{member:str}", summary="One member", operation_id="getMember", tags=["members"])
async def get_member(request: SignedRequest, reader: GivenReader, member: FromPath[str]) -> MemberDetail:
    """Return a member by key, with the open touches about them and what the team told."""
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


@post(
    "/members/{member:str}/touches",
    status_code=200,
    summary="Ask for a touch",
    operation_id="askForTouch",
    tags=["members"],
    responses=_LATER,
)
async def ask_for_touch(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Asking],
) -> Response[Told]:
    """Have somebody turn to a member. It joins the touch about them, if one is open."""
    about = await _about(request, reader, member, data.responder)
    common = basis(about, data.responder, data.command_id)
    command = AskForTouch(**common, why=data.why, urgency=data.urgency, conversation=data.conversation)
    return _told(await member_commands.send(command, request.user))


@post(
    "/members/{member:str}/care",
    status_code=200,
    summary="Log care given elsewhere",
    operation_id="logCare",
    tags=["members"],
    responses=_LATER,
)
async def log_care(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Care],
) -> Response[Told]:
    """Say that a member was cared for where no source reports it: that counts as a word of the team."""
    about = await _about(request, reader, member, data.responder)
    command = LogCare(**basis(about, data.responder, data.command_id), way=data.way, note=data.note, at=data.at)
    return _told(await member_commands.send(command, request.user))


async def _about(request: SignedRequest, reader: Reader, member: str, responder: str) -> MemberDetail:
    viewer = request.user
    if request.auth is not None and viewer.responder != responder:
        who = viewer.display_name or "somebody who is just looking"
        raise Problem(HTTPStatus.FORBIDDEN, f"This session is {who}'s: act as yourself.", field="responder")
    detail = await reader.member(member, viewer)
    if detail is None:
        raise not_found("member")
    if request.auth is not None and viewer.organisation != detail.organisation:
        raise Problem(HTTPStatus.FORBIDDEN, f"The team of {detail.organisation} takes care of {detail.community}.")
    return detail


def _told(told: Told) -> Response[Told]:
    return Response(told, status_code=HTTPStatus.OK if told.shown else HTTPStatus.ACCEPTED)
