"""Sends what a responder tells of a member to ingest, and waits until the pages show it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

import msgspec
import nats.errors
from nats.aio.client import Client

from services.projections.acting import Told, id_of_command
from services.projections.member_resources import MemberDetail
from services.projections.problems import Problem, unavailable
from services.projections.reading import Reader
from services.projections.viewer import Viewer
from shared.contracts.commands import MEMBER_COMMAND_TYPES, AllowContact, AskForTouch, MemberCommand, MemberReply
from shared.contracts.names import member_key
from shared.contracts.policy import Identity
from shared.contracts.subjects import member_command_subject

_VERBS: Final = {form: verb for verb, form in MEMBER_COMMAND_TYPES.items()}
_REPLY_SECONDS: Final = 5.0
_SHOWN_SECONDS: Final = 3.0
_LOOK_SECONDS: Final = 0.05
_REFUSALS: Final = {
    "bad-command": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-community": HTTPStatus.UNPROCESSABLE_ENTITY,
    "unknown-responder": HTTPStatus.FORBIDDEN,
    "not-allowed": HTTPStatus.FORBIDDEN,
    "unavailable": HTTPStatus.SERVICE_UNAVAILABLE,
}


class MemberCommands:
    """Tells ingest what responders tell of members."""

    def __init__(self, client: Client, reader: Reader) -> None:
        self._client = client
        self._reader = reader

    async def send(self, command: MemberCommand, viewer: Viewer) -> Told:
        """Send ``command`` and wait until the history, and the queue if it asks for a touch, show it.

        Raises Problem when it was refused, or when nobody answered: then it may have been done, and to send it again
        with the same command id does it once.
        """
        if not isinstance(command, AllowContact):
            return await self._send(command, viewer)
        # The wish may have been told of another identity of the person, and holds for all of them.
        key = member_key(command.community, command.member.platform, command.member.id)
        left_alone = await self._reader.left_alone(key) or [command.member]
        for one in left_alone[1:]:
            await self._send(replace(command, member=one), viewer)
        return await self._send(replace(command, member=left_alone[0]), viewer)

    async def _send(self, command: MemberCommand, viewer: Viewer) -> Told:
        subject = member_command_subject(_VERBS[type(command)])
        try:
            answer = await self._client.request(subject, msgspec.json.encode(command), timeout=_REPLY_SECONDS)
            reply = msgspec.json.decode(answer.data, type=MemberReply)
        except (nats.errors.Error, TimeoutError, msgspec.DecodeError) as error:
            raise unavailable("The part of Warmline that keeps what you tell") from error
        if reply.refused is not None:
            raise Problem(_REFUSALS.get(reply.refused, HTTPStatus.CONFLICT), reply.detail or reply.refused)
        member = member_key(command.community, command.member.platform, command.member.id)
        touch: str | None = None

        async def shown() -> bool:
            nonlocal touch
            if isinstance(command, AskForTouch):
                touch = await self._reader.touch_resting_on(reply.event, member, viewer)
                if touch is None:
                    return False
            return await self._reader.shows(reply.event)

        return Told(event=reply.event, shown=await _comes_true(shown, _SHOWN_SECONDS), touch=touch)


def basis(member: MemberDetail, responder: str, command_id: str | None) -> dict[str, Any]:
    """Return what every command of ``responder`` on ``member`` holds; without an id it gets one of its own."""
    return {
        "command_id": id_of_command(command_id),
        "community": member.community,
        "member": Identity(platform=member.platform, id=member.platform_id),
        "responder": responder,
    }


async def _comes_true(holds: Callable[[], Awaitable[bool]], seconds: float) -> bool:
    deadline = asyncio.get_running_loop().time() + seconds
    while not await holds():
        if asyncio.get_running_loop().time() >= deadline:
            return False
        await asyncio.sleep(_LOOK_SECONDS)  # the history tells nobody that it has changed
    return True
