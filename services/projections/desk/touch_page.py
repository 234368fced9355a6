"""One touch: the evidence, the member's story, why this human, and the three actions."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect

from services.projections.acting import id_of_command
from services.projections.changes import QueueChanges
from services.projections.desk.forms import sent_form
from services.projections.desk.rendering import Pages
from services.projections.desk.words import OUTCOMES, is_with
from services.projections.injected import (
    GivenChanges,
    GivenCommands,
    GivenPages,
    GivenReader,
    GivenSessions,
    SignedRequest,
)
from services.projections.problems import Problem, not_found
from services.projections.reading import Reader
from services.projections.refusals import refusal
from services.projections.resources import QueueItem
from services.projections.touch_commands import NobodyAnsweredError
from services.projections.viewer import Viewer
from shared.contracts.commands import ClaimTouch, ReleaseTouch, SettleTouch, TouchCommand
from shared.contracts.warmline_facts import PLATFORM

_STORY: Final = 8
_MAX_REVISION_DIGITS: Final = 9


@get("/touches/{touch:str}", include_in_schema=False)
async def touch_page(
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    changes: GivenChanges,
    touch: FromPath[str],
) -> Response[Any]:
    """Show one touch."""
    return await _page(request, touch, pages=pages, reader=reader, changes=changes)


@post("/touches/{touch:str}/{verb:str}", include_in_schema=False)
async def act(
    *,
    request: SignedRequest,
    pages: GivenPages,
    reader: GivenReader,
    changes: GivenChanges,
    sessions: GivenSessions,
    commands: GivenCommands,
    touch: FromPath[str],
    verb: FromPath[str],
) -> Response[Any]:
    """Claim, release or settle; a refusal is shown on the touch's page as it is now."""
    form = await sent_form(request, sessions)
    seen = await reader.item(touch, request.user)
    if seen is None:
        raise not_found("touch")
    try:
        problem = refusal((await commands.send(_command(verb, form, seen, request.user))).reply)
    except NobodyAnsweredError:
        problem = Problem(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "The part of Warmline that looks after this touch did not answer. Nothing is lost: try again in a moment.",
        )
    if problem is not None:
        return await _page(request, touch, pages=pages, reader=reader, changes=changes, problem=problem)
    return Redirect(f"/touches/{touch}", status_code=HTTPStatus.SEE_OTHER.value)


async def _page(
    request: SignedRequest,
    touch: FromPath[str],
    *,
    pages: Pages,
    reader: Reader,
    changes: QueueChanges,
    problem: Problem | None = None,
) -> Response[Any]:
    mark = changes.mark
    detail = await reader.touch(touch, request.user)
    if detail is None:
        raise not_found("touch")
    evidence = {each.told.key for each in detail.evidence if each.told}
    story = await reader.history(detail.member.key, None, _STORY + len(evidence), request.user)
    return pages.page(
        "touch.html",
        viewer=request.user,
        session=request.auth,
        status=problem.status if problem else HTTPStatus.OK,
        mark=mark,
        touch=detail,
        of_member=detail.member.platform != PLATFORM,
        story=[item for item in story.items if item.key not in evidence][:_STORY],
        problem=problem,
        mine=is_with(detail, request.user),
        serves=request.user.organisation == detail.organisation,
        open=detail.state in ("raised", "held", "assigned", "claimed"),
        # One for each time the page is shown: sending its form twice acts once.
        command_id=id_of_command(),
    )


def _command(verb: FromPath[str], form: Mapping[str, str], seen: QueueItem, viewer: Viewer) -> TouchCommand:
    if viewer.responder is None or viewer.organisation != seen.organisation:
        raise Problem(HTTPStatus.FORBIDDEN, "You are just looking. Say who you are to take a touch on.")
    revision = form.get("revision", "")
    if not (revision.isascii() and revision.isdigit() and len(revision) <= _MAX_REVISION_DIGITS):
        raise Problem(HTTPStatus.BAD_REQUEST, "The form lacks the touch's revision. Load the page anew.")
    common: dict[str, Any] = {
        "command_id": id_of_command(form.get("command_id", "")[:100]),
        "organisation": seen.organisation,
        "touch": seen.id,
        "responder": viewer.responder,
        "revision": int(revision),
    }
    match verb:
        case "claim":
            return ClaimTouch(**common)
        case "release":
            return ReleaseTouch(**common)
        case "settle":
            for outcome in OUTCOMES:
                if outcome == form.get("outcome"):
                    return SettleTouch(**common, outcome=outcome)
            raise Problem(HTTPStatus.BAD_REQUEST, "Say how it ended: choose one of the outcomes.")
    raise Problem(HTTPStatus.NOT_FOUND, "There is nothing at this address.")
