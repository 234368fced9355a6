"""Forms: what a page sent, once it is sure that it was a page of this session."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from litestar import Request

from services.projections.desk.session import Session, Sessions
from services.projections.problems import Problem

FORM_TOKEN = "form_token"  # noqa: S105 -- the name of a field


async def sent_form(request: Request[Any, Session | None, Any], sessions: Sessions) -> dict[str, str]:
    """Return the fields of the form; raises a Problem when it did not come from a page of this session."""
    form = {name: value for name, value in (await request.form()).items() if isinstance(value, str)}
    session = request.auth
    if session is None or not sessions.form_holds(session, form.get(FORM_TOKEN, "")):
        raise Problem(HTTPStatus.FORBIDDEN, "This form is from another session. Load the page anew and try again.")
    return form
