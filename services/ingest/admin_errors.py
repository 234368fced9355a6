"""Errors of the administration's routes as RFC 9457 problems."""

from __future__ import annotations

from typing import Any, Final

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, MethodNotAllowedException, NotFoundException, ValidationException
from litestar.types import ExceptionHandlersMap

from services.ingest.policies import PolicyConflictError, PolicyRefusedError
from services.ingest.problem import PROBLEM_JSON, ProblemError, problem_of
from services.ingest.refusal import field_problem

_log = structlog.get_logger()


def _on_error(request: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    problem = _problem(error)
    if problem is None:
        _log.error("request_failed", exc_info=error)
        problem = ProblemError(500, "something went wrong here: send the request again, or look into ingest's log")
    problem.log(_route(request))
    return Response(problem.body(), status_code=problem.status, headers=dict(problem.headers), media_type=PROBLEM_JSON)


def _route(request: Request[Any, Any, Any]) -> str:
    """Return the path as the route has it: what stands in its places is the sender's, and may be anything."""
    return str(request.scope.get("path_template") or "unknown")


def _problem(error: Exception) -> ProblemError | None:
    match error:
        case PolicyRefusedError():
            return _problem_of_policy(error)
        case msgspec.DecodeError():
            return ProblemError(400, f"the body is not valid JSON: {error}")
        case ValidationException():
            return _problem_of_validation(error)
        case NotFoundException():
            return ProblemError(404, "there is nothing at this address: /schema/openapi.json says what there is")
        case MethodNotAllowedException():
            detail = "this address does not take that method: /schema/openapi.json says which"
            return ProblemError(405, detail, headers=error.headers)
        case HTTPException() if error.status_code < 500:
            return ProblemError(error.status_code, error.detail, headers=error.headers)
        case RecursionError():
            return ProblemError(400, "the JSON is nested too deeply")
        case UnicodeDecodeError():
            return ProblemError(400, "the body is not valid UTF-8: send UTF-8")
        case _:
            return problem_of(error)


def _problem_of_policy(error: PolicyRefusedError) -> ProblemError:
    first = error.problems[0]
    more = f" (and {len(error.problems) - 1} more, in errors)" if len(error.problems) > 1 else ""
    return ProblemError(
        409 if isinstance(error, PolicyConflictError) else 422,
        f"{first.field}: {first.reason}{more}",
        field=first.field,
        errors=error.problems,
    )


def _problem_of_validation(error: ValidationException) -> ProblemError:
    cause = error.__cause__
    if not isinstance(cause, msgspec.ValidationError):
        return ProblemError(400, error.detail)
    problem = field_problem(cause, "")
    field = "body" if problem.field == "data" else problem.field.removeprefix("data.")
    return ProblemError(422, f"{field}: {problem.reason}", field=field)


EXCEPTION_HANDLERS: Final[ExceptionHandlersMap] = {Exception: _on_error}
"""For Litestar: every error, whoever raised it, becomes a problem."""
