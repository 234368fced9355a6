"""What the refusal of a command is to who sent it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from services.projections.problems import Problem
from shared.contracts.commands import CommandReply

_REFUSALS: Final[dict[str, HTTPStatus]] = {
    "unknown-touch": HTTPStatus.NOT_FOUND,
    "unknown-responder": HTTPStatus.UNPROCESSABLE_ENTITY,
    "bad-command": HTTPStatus.UNPROCESSABLE_ENTITY,
    "stale-revision": HTTPStatus.CONFLICT,
    "not-allowed": HTTPStatus.CONFLICT,
    "already-ended": HTTPStatus.CONFLICT,
}
_FIELDS: Final[dict[str, str]] = {
    "stale-revision": "revision",
    "unknown-responder": "responder",
}


def refusal(reply: CommandReply) -> Problem | None:
    """Return the problem that a reply tells of, None when the command was carried out."""
    if reply.refused is None:
        return None
    return Problem(
        _REFUSALS.get(reply.refused, HTTPStatus.CONFLICT),
        reply.detail or reply.refused,
        field=_FIELDS.get(reply.refused),
    )
