"""``/api/v1/touches``: one touch, and what a responder does with it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, get, post
from litestar.openapi.datastructures import ResponseSpec
from litestar.params import FromPath, JSONBody

from services.projections.acting import Action, ActionResult, id_of_command
from services.projections.authentication import refuse_to_act_as
from services.projections.injected import GivenCommands, GivenReader, SignedRequest
from services.projections.problems import not_found
from services.projections.reading import Reader
from services.projections.refusals import refusal
from services.projections.resources import QueueItem, TouchDetail
from services.projections.touch_commands import TouchCommands
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.touch_facts import Outcome

_LATER: Final = {
    202: ResponseSpec(data_container=ActionResult, description="It is done; the queue has not caught up with it yet")
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Action):
    """How the touch ended."""

    outcome: Outcome


@get("/touches/{touch:str}", summary="One touch", operation_id="getTouch", tags=["touches"])
async def get_touch(request: SignedRequest, reader: GivenReader, touch: FromPath[str]) -> TouchDetail:
    """Return a touch with its evidence, why this human and why not the others, the playbook and the timeline."""
    detail = await reader.touch(touch, request.user)
    if detail is None:
        raise not_found("touch")
    return detail


@post(
    "/touches/{touch:str}/claim",
    status_code=200,
    summary="Claim a touch",
    operation_id="claimTouch",
    tags=["touches"],
    responses=_LATER,
)
async def claim(
    request: SignedRequest,
    reader: GivenReader,
    commands: GivenCommands,
    touch: FromPath[str],
    data: JSONBody[Action],
) -> Response[ActionResult]:
    """Take the touch into the responder's hands. Answers when the queue shows it; 202 if it does not yet."""
    seen = await _seen(request, reader, touch, data)
    command = ClaimTouch(**_common(seen, data))
    return await _carry_out(request, reader, commands, command)


@post(
    "/touches/{touch:str}/release",
    status_code=200,
    summary="Give a touch back",
    operation_id="releaseTouch",
    tags=["touches"],
    responses=_LATER,
)
async def release(
    request: SignedRequest,
    reader: GivenReader,
    commands: GivenCommands,
    touch: FromPath[str],
    data: JSONBody[Action],
) -> Response[ActionResult]:
    """Give back a touch that is with the responder; somebody else is looked for."""
    seen = await _seen(request, reader, touch, data)
    command = ReleaseTouch(**_common(seen, data))
    return await _carry_out(request, reader, commands, command)


@post(
    "/touches/{touch:str}/settle",
    status_code=200,
    summary="Settle a touch",
    operation_id="settleTouch",
    tags=["touches"],
    responses=_LATER,
)
async def settle(
    request: SignedRequest,
    reader: GivenReader,
    commands: GivenCommands,
    touch: FromPath[str],
    data: JSONBody[Settlement],
) -> Response[ActionResult]:
    """Say how the touch ended."""
    seen = await _seen(request, reader, touch, data)
    command = SettleTouch(**_common(seen, data), outcome=data.outcome)
    return await _carry_out(request, reader, commands, command)


async def _seen(request: SignedRequest, reader: Reader, touch: FromPath[str], action: Action) -> QueueItem:
    refuse_to_act_as(action.responder, request)
    seen = await reader.item(touch, request.user)
    if seen is None:
        raise not_found("touch")
    return seen


def _common(seen: QueueItem, action: Action) -> dict[str, Any]:
    return {
        "command_id": id_of_command(action.command_id),
        "organisation": seen.organisation,
        "touch": seen.id,
        "responder": action.responder,
        "revision": action.revision,
    }


async def _carry_out(
    request: SignedRequest, reader: Reader, commands: TouchCommands, command: TouchCommand
) -> Response[ActionResult]:
    done = await commands.send(command)
    problem = refusal(done.reply)
    if problem is not None:
        raise problem
    item = await reader.item(command.touch, request.user)
    result = ActionResult(touch=command.touch, revision=done.reply.revision, shown=done.shown, item=item)
    return Response(result, status_code=HTTPStatus.OK if done.shown else HTTPStatus.ACCEPTED)
