"""Errors for people and programs: RFC 9457 problem details."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import msgspec
import structlog

from services.ingest.database import DatabaseUnavailableError
from services.ingest.quotas import OverQuota
from services.ingest.refusal import FieldProblem
from shared.event_store.errors import SkewError
from shared.publisher import PublishUnavailableError, StreamFullError

PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_SECONDS: Final = 2
_PAUSED_SECONDS: Final = 300
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The body of an error answer. ``field`` names what is at fault in the request, ``errors`` each of several."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    field: str | None = None
    errors: tuple[FieldProblem, ...] | None = None


class ProblemError(Exception):
    """An error to answer with; ``headers`` go into the answer, ``code`` only into the log: it holds nothing foreign."""

    def __init__(
        self,
        status: int,
        detail: str,
        *,
        field: str | None = None,
        errors: tuple[FieldProblem, ...] | None = None,
        headers: Mapping[str, str] | None = None,
        code: str | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.field = field
        self.errors = errors
        self.headers: Mapping[str, str] = headers or {}
        self.code = code

    def log(self, path: str) -> None:
        """Leave one line of a request to ``path`` that was refused; what is away or over a quota is told elsewhere."""
        if self.status < 500 and self.status != HTTPStatus.TOO_MANY_REQUESTS:
            _log.info("request_refused", path=path, status=self.status, code=self.code)

    def body(self) -> bytes:
        """Return the problem details as JSON."""
        title = HTTPStatus(self.status).phrase
        members: dict[str, Any] = msgspec.to_builtins(
            Problem(title=title, status=self.status, detail=self.detail, field=self.field, errors=self.errors)
        )
        return msgspec.json.encode({name: value for name, value in members.items() if value is not None})


def unauthorized() -> ProblemError:
    """Return the answer to a request without a token that is known."""
    return ProblemError(
        401,
        "there is no token, or it is not known: send Authorization: Bearer <token>",
        headers={"WWW-Authenticate": 'Bearer realm="warmline"'},
    )


def over_quota(over: OverQuota) -> ProblemError:
    """Return the answer to a community that takes more than its quota."""
    return ProblemError(429, over.detail, headers={"Retry-After": str(over.retry_after)})


def paused(source: str) -> ProblemError:
    """Return the answer to a source that the operator paused: whoever sends again later loses nothing."""
    return ProblemError(
        503,
        f"the source {source} is paused: warmline source resume takes its events again",
        headers={"Retry-After": str(_PAUSED_SECONDS)},
    )


def unavailable(detail: str) -> ProblemError:
    """Return the answer while something that is needed is away: the same request may succeed later."""
    return ProblemError(503, detail, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def problem_told(error: Exception, path: str, *, unforeseen: str) -> ProblemError:
    """Return how to answer a request to ``path`` that ``error`` stopped, and log it.

    ``unforeseen`` is what the log calls an error that is a fault of ours.
    """
    problem = problem_of(error)
    if problem is None:
        _log.error(unforeseen, exc_info=error)
        problem = ProblemError(500, "something went wrong here: send the request again, or ask the operator")
    problem.log(path)
    return problem


def problem_of(error: Exception) -> ProblemError | None:
    """Return how to answer when ``error`` stopped a request; None for an error that nobody foresaw."""
    match error:
        case ProblemError():
            return error
        case DatabaseUnavailableError():
            return unavailable("PostgreSQL does not answer: nothing is lost, send the request again")
        case PublishUnavailableError():
            return unavailable("NATS does not confirm: send the request again, what is stored already stays single")
        case SkewError():
            return unavailable(
                "nothing is taken until an operator has brought database and event store together, see warmline "
                "status: send the request again then"
            )
        case StreamFullError():
            return unavailable("the event store is full: send the request again once an operator has made room")
        case _:
            return None
