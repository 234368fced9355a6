"""What is refused before any handler: requests that no handler could read."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import msgspec
from litestar import Request

from services.projections.problems import Problem

_MAX_PATH: Final = 1_000
_API: Final = "/api/"
_FORM: Final = "application/x-www-form-urlencoded"


async def refuse_unreadable(request: Request[Any, Any, Any]) -> None:
    """Raise a Problem for an address that names nothing, or a body that is no JSON or no form, whatever it holds."""
    path, query = request.url.path, request.scope["query_string"]
    if "\0" in request.scope["path"] or "%00" in path or b"%00" in query or len(path) > _MAX_PATH:
        raise Problem(HTTPStatus.BAD_REQUEST, "The address is too long or holds NUL: nothing has such a name.")
    if request.method != "POST":
        return
    if path.startswith(_API):
        try:
            (body := await request.body()).decode()
            msgspec.json.decode(body, type=msgspec.Raw)
        except (UnicodeDecodeError, RecursionError, msgspec.DecodeError):
            raise Problem(
                HTTPStatus.BAD_REQUEST, "The body cannot be read: send one JSON object, in UTF-8, of a few levels."
            ) from None
    elif request.content_type[0] not in {"", _FORM}:
        raise Problem(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Send the form as {_FORM}.")
