"""The form on a member's page by which somebody says who is one person, or takes it back."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from services.projections.acting import Linking
from services.projections.problems import Problem

_MOST_CHARACTERS = 300


def said_of(form: Mapping[str, str], responder: str) -> Linking:
    """Return what the form says, in the name of ``responder``; raises Problem where something is missing."""
    other, why = form.get("other", "").strip(), form.get("text", "").strip()
    if not other or len(other) > _MOST_CHARACTERS:
        raise Problem(HTTPStatus.BAD_REQUEST, "Say who the other is: give their page here, or slack:U024BE7LH.")
    if not why:
        raise Problem(HTTPStatus.BAD_REQUEST, "Say how you know: whoever doubts it later reads that.")
    return Linking(responder=responder, other=other, why=why, command_id=form.get("command_id", "")[:100] or None)
