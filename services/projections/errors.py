"""What every kind of failure is to who asked: a problem for programs, a page for people."""

from __future__ import annotations

import re
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import psycopg
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, NotAuthorizedException, NotFoundException, ValidationException
from psycopg_pool import PoolTimeout

from services.projections.cursors import CursorError
from services.projections.problems import Problem, problem_response, unavailable
from services.projections.touch_commands import NobodyAnsweredError

_FOR_PROGRAMS: Final = ("/api/", "/healthz", "/schema")
_MISSING: Final = re.compile(r"missing required field `(\w+)`")
_PARAMETERS: Final = {"in_state": "state"}
"""Parameters whose name in the address is not the handler's."""
_log = structlog.get_logger()

Page = Callable[[Request[Any, Any, Any], Problem], Response[Any]]
"""Shows a problem to a person."""


def problem_of(error: Exception) -> Problem:
    """Return what ``error`` means to who asked; raises nothing and tells no secrets."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, CursorError):
        return Problem(
            HTTPStatus.BAD_REQUEST,
            "The cursor is not one of this list's. Leave it out to begin anew, or pass on 'next' as it was given.",
            field="cursor",
        )
    if isinstance(error, NobodyAnsweredError):
        return unavailable("The part of Warmline that owns this touch")
    if isinstance(error, psycopg.OperationalError | PoolTimeout):
        _log.warning("database_unavailable", error=type(error).__name__)
        return unavailable("The database")
    if isinstance(error, psycopg.DataError):
        return Problem(
            HTTPStatus.BAD_REQUEST,
            "The address holds what nothing here can be called, such as the character NUL or a number out of range.",
        )
    if isinstance(error, ValidationException):
        return _invalid(error)
    if isinstance(error, NotAuthorizedException):
        return Problem(HTTPStatus.UNAUTHORIZED, error.detail, headers={"WWW-Authenticate": 'Bearer realm="warmline"'})
    if isinstance(error, NotFoundException):
        return Problem(
            HTTPStatus.NOT_FOUND, "The address leads nowhere: it may be misspelled, or what it named is gone."
        )
    if isinstance(error, HTTPException) and error.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
        return Problem(HTTPStatus(error.status_code), error.detail, headers=error.headers)
    _log.error("request_failed", exc_info=error)
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong on our side; the log of this process tells.")


def error_handler(page: Page) -> Callable[[Request[Any, Any, Any], Exception], Response[Any]]:
    """Return the handler of all exceptions: problems under the API's paths, ``page`` elsewhere."""

    def answer(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
        problem = problem_of(error)
        if request.url.path.startswith(_FOR_PROGRAMS):
            return problem_response(problem)
        return page(request, problem)

    return answer


def _invalid(error: ValidationException) -> Problem:
    extra: Any = error.extra
    found = extra[0] if isinstance(extra, list) and extra and isinstance(extra[0], dict) else {}
    message = str(found.get("message") or error.detail)
    missing = _MISSING.search(message)
    field = missing[1] if missing else _PARAMETERS.get(found.get("key", ""), found.get("key"))
    return Problem(HTTPStatus.BAD_REQUEST, f"{field}: {message}." if field else f"{message}.", field=field)
