"""What a request tells of the member in its path: who may, what its command holds, and how it is answered."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any, Final, Protocol

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath

from services.projections.acting import Told
from services.projections.authentication import refuse_to_act_as
from services.projections.injected import GivenMemberCommands, GivenReader, SignedRequest
from services.projections.member_commands import MemberCommands, basis
from services.projections.member_resources import MemberDetail
from services.projections.problems import Problem, not_found
from services.projections.reading import Reader
from shared.contracts.commands import MemberCommand

telling_route: Final = partial(
    post,
    status_code=200,
    tags=["members"],
    responses={202: ResponseSpec(data_container=Told, description="It is kept; the pages have not caught up with it")},
)
"""A route by which the team tells something of a member."""


class Responsible(Protocol):
    """The body of such a request: who tells it, and under which id it is told once."""

    @property
    def responder(self) -> str:
        """Who tells it."""

    @property
    def command_id(self) -> str | None:
        """The id, if the sender has one."""


class Telling:
    """One request that tells something of the member whose key is ``member``."""

    def __init__(self, request: SignedRequest, reader: Reader, commands: MemberCommands, member: str) -> None:
        self._request = request
        self._reader = reader
        self._commands = commands
        self._member = member

    async def about(self, responder: str) -> MemberDetail:
        """Return the member of whom ``responder`` tells something; raises Problem where they may not."""
        refuse_to_act_as(responder, self._request)
        viewer = self._request.user
        detail = await self._reader.member(self._member, viewer)
        if detail is None:
            raise not_found("member")
        if self._request.auth is not None and viewer.organisation != detail.organisation:
            raise Problem(HTTPStatus.FORBIDDEN, f"The team of {detail.organisation} takes care of {detail.community}.")
        return detail

    async def basis(self, told: Responsible) -> dict[str, Any]:
        """Return what every command holds; raises Problem where whoever tells it may not."""
        return basis(await self.about(told.responder), told.responder, told.command_id)

    async def send(self, command: MemberCommand) -> Response[Told]:
        """Have it done, and return the answer, which says whether the pages show it."""
        told = await self._commands.send(command, self._request.user)
        return Response(told, status_code=HTTPStatus.OK if told.shown else HTTPStatus.ACCEPTED)


def telling(
    request: SignedRequest, reader: GivenReader, member_commands: GivenMemberCommands, member: FromPath[str]
) -> Telling:
    """Return what a handler asks for as ``GivenTelling``."""
    return Telling(request, reader, member_commands, member)


GivenTelling = NamedDependency[Telling]
