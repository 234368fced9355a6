"""``/api/v1/members``: who a member is, what they did, and what the team tells of them."""

from __future__ import annotations

from http import HTTPStatus

from litestar import Response, get
from litestar.params import FromPath, JSONBody

from services.projections.acting import Asking, Care, Contact, NoteForTeam, Promise, Tagging, Told, ToneWish
from services.projections.api.parameters import Cursor, Limit, refuse_unknown_parameters
from services.projections.api.telling import GivenTelling, telling_route
from services.projections.injected import GivenReader, SignedRequest
from services.projections.member_resources import MemberDetail
from services.projections.problems import Problem, not_found
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


@telling_route("/members/{member:str}/touches", summary="Ask for a touch", operation_id="askForTouch")
async def ask_for_touch(telling: GivenTelling, data: JSONBody[Asking]) -> Response[Told]:
    """Have somebody turn to a member. It joins the touch about them, if one is open."""
    common = await telling.basis(data)
    command = AskForTouch(**common, why=data.why, urgency=data.urgency, conversation=data.conversation)
    return await telling.send(command)


@telling_route("/members/{member:str}/care", summary="Log care given elsewhere", operation_id="logCare")
async def log_care(telling: GivenTelling, data: JSONBody[Care]) -> Response[Told]:
    """Say that a member was cared for where no source reports it: that counts as a word of the team."""
    common = await telling.basis(data)
    return await telling.send(LogCare(**common, way=data.way, note=data.note, at=data.at))


@telling_route(
    "/members/{member:str}/contact",
    summary="Say whether a member wants to be contacted",
    operation_id="tellContact",
)
async def tell_contact(telling: GivenTelling, data: JSONBody[Contact]) -> Response[Told]:
    """Have a member left alone for a while or for good, or take that back."""
    if data.wanted and data.until is not None:
        raise Problem(HTTPStatus.BAD_REQUEST, "Leave it out of somebody who wants to be contacted.", field="until")
    common = await telling.basis(data)
    return await telling.send(AllowContact(**common) if data.wanted else DeclineContact(**common, until=data.until))


@telling_route("/members/{member:str}/promises", summary="Promise a follow-up", operation_id="promiseFollowUp")
async def promise_follow_up(telling: GivenTelling, data: JSONBody[Promise]) -> Response[Told]:
    """Say that one comes back to a member: on the day a follow-up is raised, and whoever promised is asked first."""
    return await telling.send(PromiseFollowUp(**await telling.basis(data), day=data.day, note=data.note))


@telling_route("/members/{member:str}/tags", summary="Give a member a tag, or take it away", operation_id="tagMember")
async def tag_member(telling: GivenTelling, data: JSONBody[Tagging]) -> Response[Told]:
    """Say what the team calls a member: segments see it as they see tags that platforms tell."""
    return await telling.send((GiveTag if data.given else TakeTag)(**await telling.basis(data), tag=data.tag))


@telling_route("/members/{member:str}/notes", summary="Write a note about a member", operation_id="writeNote")
async def write_note(telling: GivenTelling, data: JSONBody[NoteForTeam]) -> Response[Told]:
    """Write something down for the team. Nothing is decided by it."""
    return await telling.send(WriteNote(**await telling.basis(data), text=data.text))


@telling_route(
    "/members/{member:str}/tone",
    summary="Read nothing of a member for its tone, or read it again",
    operation_id="optOutOfTone",
)
async def opt_out_of_tone(telling: GivenTelling, data: JSONBody[ToneWish]) -> Response[Told]:
    """Say that a member opted out of the reading of tone, or took it back: it holds from their next message on."""
    return await telling.send(OptOutOfTone(**await telling.basis(data), opted_out=data.opted_out))
