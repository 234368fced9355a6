"""The OpenAPI document: what Litestar does not know of it, from the types that are really decoded."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any, Final, cast

import msgspec
from litestar.openapi.spec import (
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    Parameter,
    PathItem,
    Reference,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIType

from services.ingest.answers import EventsAnswer
from services.ingest.envelope import BATCH, MAX_EVENTS, STRUCTURED
from services.ingest.health import Health
from services.ingest.problem import PROBLEM_JSON, Problem
from shared.contracts.cloudevents import SPEC_VERSION
from shared.contracts.member_events import MEMBER_EVENT_TYPES
from shared.contracts.names import NAME_PATTERN
from shared.contracts.policy import Policy

_PREFIX: Final = "#/components/schemas/"
_EVENT: Final = "MemberEvent"
_READ: Final = {
    "401": "There is no token, or it is not known.",
    "403": "The token does not stand for this.",
    "503": "NATS or PostgreSQL is away, or the store is full: send the request again after Retry-After seconds.",
}
_WRITTEN: Final = {
    **_READ,
    "400": "The request cannot be read.",
    "413": "The body is too large.",
    "422": "What is asked for cannot be: the answer says which field is at fault, and why.",
}
_ABSENT: Final = {"404": "There is none of that name."}
_TAKEN: Final = {"409": "It stands against something that is there already."}
_EVENT_ERRORS: Final = {
    **_WRITTEN,
    "408": "The body came too slowly.",
    "415": "The content type is not taken.",
    "429": "The community takes more than its quota: send the request again after Retry-After seconds.",
}
_ERRORS: Final[dict[tuple[str, str], dict[str, str]]] = {
    ("/v1/policy", "put"): {**_WRITTEN, **_TAKEN},
    ("/v1/communities", "get"): _READ,
    ("/v1/sources", "get"): _READ,
    ("/v1/sources", "post"): {**_WRITTEN, **_TAKEN},
    ("/v1/sources/{platform}/{name}", "delete"): {**_WRITTEN, **_ABSENT},
    **{
        (f"/v1/sources/{{platform}}/{{name}}/{act}", method): {**_WRITTEN, **_ABSENT}
        for act, method in (
            ("pause", "post"),
            ("resume", "post"),
            ("poll", "post"),
            ("poll", "put"),
            ("secret", "post"),
            ("earlier-secret", "delete"),
            ("sample", "get"),
        )
    },
    ("/v1/imports", "post"): _WRITTEN,
    ("/v1/imports/{import_id}/parts", "post"): {**_WRITTEN, **_ABSENT},
    ("/v1/imports/{import_id}/end", "post"): {**_WRITTEN, **_ABSENT},
    ("/v1/tone-opt-outs", "post"): _WRITTEN,
}


def complete(document: OpenAPI, forms: Sequence[type]) -> None:
    """Add to ``document`` what Litestar does not know.

    ``POST /v1/events`` and the policy's body, which it does not serve or decode; the errors that each route answers;
    and the schemas of all ``forms`` as they are really decoded, with their lengths and patterns.
    """
    _, components = msgspec.json.schema_components(
        [*MEMBER_EVENT_TYPES.values(), EventsAnswer, Problem, Policy, *forms], ref_template=_PREFIX + "{name}"
    )
    for schema in components.values():
        if "description" in schema:
            schema["description"] = inspect.cleandoc(schema["description"])
    schemas = cast("dict[str, Any]", document.components.schemas)
    schemas.update(components)
    schemas[_EVENT] = {"oneOf": [_event(name, form.__name__) for name, form in MEMBER_EVENT_TYPES.items()]}
    paths = document.paths if document.paths is not None else {}
    paths["/v1/events"] = PathItem(post=_posting_events())
    document.paths = paths
    for (path, method), errors in _ERRORS.items():
        operation: Operation = getattr(paths[path], method)
        operation.responses = dict(sorted({**(operation.responses or {}), **_problems(errors)}.items()))
        for parameter in operation.parameters or ():
            if isinstance(parameter, Parameter) and parameter.name != "import_id":
                parameter.schema = Schema(type=OpenAPIType.STRING, pattern=NAME_PATTERN)
    policy: Operation = cast("Operation", paths["/v1/policy"].put)
    policy.request_body = RequestBody(required=True, content={"application/json": _form(Policy)})
    health: Operation = cast("Operation", paths["/healthz"].get)
    health.security = [{}]
    health.responses = {**(health.responses or {}), "503": _response("A part of it is not well.", Health)}


def _event(type_name: str, form: str) -> dict[str, Any]:
    return {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "data"],
        "properties": {
            "specversion": {"const": SPEC_VERSION},
            "id": {"type": "string", "minLength": 1, "maxLength": 200},
            "source": {"type": "string", "pattern": "^/[a-z0-9-]{1,40}/[a-z0-9-]{1,40}$"},
            "type": {"const": type_name},
            "time": {"type": "string", "format": "date-time"},
            "data": {"$ref": _PREFIX + form},
        },
    }


def _posting_events() -> Operation:
    event = Reference(ref=_PREFIX + _EVENT)
    return Operation(
        summary="Send member events",
        description="CloudEvents 1.0: structured, batched, or binary with ce- headers and the data as JSON body.",
        operation_id="PostEvents",
        request_body=RequestBody(
            required=True,
            content={
                STRUCTURED: OpenAPIMediaType(schema=event),
                BATCH: OpenAPIMediaType(schema=Schema(type=OpenAPIType.ARRAY, items=event, max_items=MAX_EVENTS)),
            },
        ),
        responses={"200": _response("What became of each event.", EventsAnswer), **_problems(_EVENT_ERRORS)},
        security=[{"token": []}],
    )


def _problems(errors: dict[str, str]) -> dict[str, OpenAPIResponse | Reference]:
    return {status: _response(meaning, Problem) for status, meaning in errors.items()}


def _response(meaning: str, form: type) -> OpenAPIResponse:
    media_type = PROBLEM_JSON if form is Problem else "application/json"
    return OpenAPIResponse(description=meaning, content={media_type: _form(form)})


def _form(form: type) -> OpenAPIMediaType:
    return OpenAPIMediaType(schema=Reference(ref=_PREFIX + form.__name__))
