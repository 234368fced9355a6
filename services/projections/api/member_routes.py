"""``/api/v1/members``: who a member is, what they did, and what the team tells of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.projections.acting import Asking, Care, Contact, NoteForTeam, Promise, Tagging, Told, ToneWish
from services.projections.api.parameters import Cursor, Limit, refuse_unknown_parameters
from services.projections.authentication import refuse_to_act_as
from services.projections.injected import GivenMemberCommands, GivenReader, SignedRequest
from services.projections.member_commands import basis
from services.projections.member_resources import MemberDetail
from services.projections.problems import Problem, not_found
from services.projections.reading import Reader
from services.projections.resources import HistoryPage
from shared.contracts.commands import (
    AllowContact,
    AskForTouch,
    DeclineContact,
    GiveTag,
    LogCare,
    OptOutOfTone,
    PromiseFollowUp,
    TakeTag,
    WriteNote,
)

LATER: Final = {202: ResponseSpec(data_container=Told, description="It is kept; the pages have not caught up with it")}


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
    responses=LATER,
)
async def ask_for_touch(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Asking],
) -> Response[Told]:
    """Have somebody turn to a member. It joins the touch about them, if one is open."""
    about = await acted_on(request, reader, member, data.responder)
    common = basis(about, data.responder, data.command_id)
    command = AskForTouch(**common, why=data.why, urgency=data.urgency, conversation=data.conversation)
    return told_response(await member_commands.send(command, request.user))


@post(
    "/members/{member:str}/care",
    status_code=200,
    summary="Log care given elsewhere",
    operation_id="logCare",
    tags=["members"],
    responses=LATER,
)
async def log_care(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Care],
) -> Response[Told]:
    """Say that a member was cared for where no source reports it: that counts as a word of the team."""
    about = await acted_on(request, reader, member, data.responder)
    command = LogCare(**basis(about, data.responder, data.command_id), way=data.way, note=data.note, at=data.at)
    return told_response(await member_commands.send(command, request.user))


@post(
    "/members/{member:str}/contact",
    status_code=200,
    summary="Say whether a member wants to be contacted",
    operation_id="tellContact",
    tags=["members"],
    responses=LATER,
)
async def tell_contact(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Contact],
) -> Response[Told]:
    """Have a member left alone for a while or for good, or take that back."""
    if data.wanted and data.until is not None:
        raise Problem(HTTPStatus.BAD_REQUEST, "Leave it out of somebody who wants to be contacted.", field="until")
    common = basis(await acted_on(request, reader, member, data.responder), data.responder, data.command_id)
    command = AllowContact(**common) if data.wanted else DeclineContact(**common, until=data.until)
    return told_response(await member_commands.send(command, request.user))


@post(
    "/members/{member:str}/promises",
    status_code=200,
    summary="Promise a follow-up",
    operation_id="promiseFollowUp",
    tags=["members"],
    responses=LATER,
)
async def promise_follow_up(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Promise],
) -> Response[Told]:
    """Say that one comes back to a member: on the day a follow-up is raised, and whoever promised is asked first."""
    common = basis(await acted_on(request, reader, member, data.responder), data.responder, data.command_id)
    return told_response(
        await member_commands.send(PromiseFollowUp(**common, day=data.day, note=data.note), request.user)
    )


@post(
    "/members/{member:str}/tags",
    status_code=200,
    summary="Give a member a tag, or take it away",
    operation_id="tagMember",
    tags=["members"],
    responses=LATER,
)
async def tag_member(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Tagging],
) -> Response[Told]:
    """Say what the team calls a member: segments see it as they see tags that platforms tell."""
    common = basis(await acted_on(request, reader, member, data.responder), data.responder, data.command_id)
    command = (GiveTag if data.given else TakeTag)(**common, tag=data.tag)
    return told_response(await member_commands.send(command, request.user))


@post(
    "/members/{member:str}/notes",
    status_code=200,
    summary="Write a note about a member",
    operation_id="writeNote",
    tags=["members"],
    responses=LATER,
)
async def write_note(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[NoteForTeam],
) -> Response[Told]:
    """Write something down for the team. Nothing is decided by it."""
    common = basis(await acted_on(request, reader, member, data.responder), data.responder, data.command_id)
    return told_response(await member_commands.send(WriteNote(**common, text=data.text), request.user))


@post(
    "/members/{member:str}/tone",
    status_code=200,
    summary="Read nothing of a member for its tone, or read it again",
    operation_id="optOutOfTone",
    tags=["members"],
    responses=LATER,
)
async def opt_out_of_tone(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[ToneWish],
) -> Response[Told]:
    """Say that a member opted out of the reading of tone, or took it back: it holds from their next message on."""
    common = basis(await acted_on(request, reader, member, data.responder), data.responder, data.command_id)
    return told_response(await member_commands.send(OptOutOfTone(**common, opted_out=data.opted_out), request.user))


async def acted_on(request: SignedRequest, reader: Reader, member: str, responder: str) -> MemberDetail:
    """Return the member of whom ``responder`` tells something; raises Problem where they may not."""
    refuse_to_act_as(responder, request)
    viewer = request.user
    detail = await reader.member(member, viewer)
    if detail is None:
        raise not_found("member")
    if request.auth is not None and viewer.organisation != detail.organisation:
        raise Problem(HTTPStatus.FORBIDDEN, f"The team of {detail.organisation} takes care of {detail.community}.")
    return detail


def told_response(told: Told) -> Response[Told]:
    """Return the answer to what was told, which says whether the pages show it."""
    return Response(told, status_code=HTTPStatus.OK if told.shown else HTTPStatus.ACCEPTED)
