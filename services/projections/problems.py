"""Errors of the API as RFC 9457 problem details: what is wrong, which field, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import msgspec
from litestar import Response

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2


class Problem(Exception):  # noqa: N818 -- the name that RFC 9457 gives it
    """A request that cannot be answered as asked. ``field`` is the parameter or member of the body at fault."""

    def __init__(
        self, status: HTTPStatus, detail: str, *, field: str | None = None, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.headers = dict(headers or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProblemDetails:
    """RFC 9457. ``detail`` says what is wrong and how to mend it, ``field`` where."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None


def not_found(what: str) -> Problem:
    """Return the problem that there is no such ``what``, or none that the viewer may see."""
    return Problem(HTTPStatus.NOT_FOUND, f"There is no such {what}. It may have been spelled wrongly, or be gone.")


def unavailable(what: str) -> Problem:
    """Return the problem that ``what`` does not answer just now."""
    return Problem(
        HTTPStatus.SERVICE_UNAVAILABLE,
        f"{what} does not answer just now. Nothing is lost: try again in a moment.",
        headers={"Retry-After": str(RETRY_AFTER_SECONDS)},
    )


def problem_response(problem: Problem) -> Response[bytes]:
    """Return ``problem`` as ``application/problem+json``."""
    details = ProblemDetails(
        title=problem.status.phrase, status=problem.status.value, detail=problem.detail, field=problem.field
    )
    body = {name: value for name, value in msgspec.to_builtins(details).items() if value is not None}
    return Response(
        msgspec.json.encode(body), status_code=problem.status.value, media_type=PROBLEM_JSON, headers=problem.headers
    )
