"""``/api/v1/members/…/links``: which identities are one person."""

from __future__ import annotations

from litestar import Response, post
from litestar.params import FromPath, JSONBody

from services.projections.acting import Linking, Told
from services.projections.api.member_routes import LATER, acted_on, told_response
from services.projections.injected import GivenMemberCommands, GivenReader, SignedRequest
from services.projections.linking import linking, unlinking


@post(
    "/members/{member:str}/links",
    status_code=200,
    summary="Link two identities",
    operation_id="linkMember",
    tags=["members"],
    responses=LATER,
)
async def link(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Linking],
) -> Response[Told]:
    """Say that two identities are one person: they have one touch and one story while they are linked."""
    about = await acted_on(request, reader, member, data.responder)
    return told_response(await member_commands.send(await linking(reader, about, data), request.user))


@post(
    "/members/{member:str}/unlinks",
    status_code=200,
    summary="Take back a link",
    operation_id="unlinkMember",
    tags=["members"],
    responses=LATER,
)
async def unlink(
    request: SignedRequest,
    reader: GivenReader,
    member_commands: GivenMemberCommands,
    member: FromPath[str],
    data: JSONBody[Linking],
) -> Response[Told]:
    """Take back that two identities are one person: each has its own touch and story again."""
    about = await acted_on(request, reader, member, data.responder)
    return told_response(await member_commands.send(await unlinking(reader, about, data), request.user))
