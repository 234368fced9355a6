"""The OpenAPI document: what Litestar does not know of it, from the types that are really encoded."""

from __future__ import annotations

import inspect
from typing import Any, Final, cast

import msgspec
from litestar.openapi.spec import OpenAPI, OpenAPIMediaType, OpenAPIResponse, Operation, Reference

from services.projections.acting import Action, ActionResult
from services.projections.api.status_routes import Status
from services.projections.api.touch_routes import Settlement
from services.projections.health import Health
from services.projections.member_resources import MemberDetail
from services.projections.problems import PROBLEM_JSON, ProblemDetails
from services.projections.resources import HistoryPage, QueuePage, TouchDetail

_PREFIX: Final = "#/components/schemas/"
_FORMS: Final = (
    Action,
    ActionResult,
    HistoryPage,
    MemberDetail,
    ProblemDetails,
    QueuePage,
    Settlement,
    Status,
    TouchDetail,
)
_ASKED: Final = {
    "400": "The request cannot be read.",
    "401": "There is no token, or it is not the administrator's.",
    "403": "The session may not do this.",
    "503": "A part of Warmline does not answer: send the request again after Retry-After seconds.",
}
_NAMED: Final = {"404": "There is none of that name."}
_SENT: Final = {
    "409": "The touch has changed, has ended, or the responder may not do this.",
    "413": "The body is too large.",
    "422": "The command makes no sense.",
}


def complete(document: OpenAPI) -> None:
    """Add to ``document`` the problems that every route under ``/api`` answers, and the schemas with all their bounds.

    Litestar tells of integers and numbers as exclusive, which no whole number is, and leaves lengths out.
    """
    _, components = msgspec.json.schema_components(_FORMS, ref_template=_PREFIX + "{name}")
    for schema in components.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    cast("dict[str, Any]", document.components.schemas).update(components)
    for path, item in (document.paths or {}).items():
        if path.startswith("/api/"):
            for operation, errors in ((item.get, _ASKED), (item.post, _ASKED | _SENT)):
                if operation is not None:
                    _add(operation, errors | (_NAMED if "{" in path else {}), ProblemDetails, PROBLEM_JSON)
        elif path == "/healthz" and item.get is not None:
            _add(item.get, {"503": "A server does not answer."}, Health, "application/json")


def _add(operation: Operation, answers: dict[str, str], form: type, media_type: str) -> None:
    content = {media_type: OpenAPIMediaType(schema=Reference(ref=_PREFIX + form.__name__))}
    responses = {status: OpenAPIResponse(description=meaning, content=content) for status, meaning in answers.items()}
    operation.responses = dict(sorted({**(operation.responses or {}), **responses}.items()))
