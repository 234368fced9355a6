"""The OpenAPI description of the events route, which Litestar does not serve, from the contracts' types."""

from __future__ import annotations

from typing import Any, Final, cast

import msgspec
from litestar.openapi.spec import (
    OpenAPI,
    OpenAPIMediaType,
    OpenAPIResponse,
    Operation,
    PathItem,
    Reference,
    RequestBody,
    Schema,
)
from litestar.openapi.spec.enums import OpenAPIType

from services.ingest.answers import EventsAnswer
from services.ingest.envelope import BATCH, MAX_EVENTS, STRUCTURED
from services.ingest.problem import PROBLEM_JSON, Problem
from shared.contracts.cloudevents import SPEC_VERSION
from shared.contracts.member_events import MEMBER_EVENT_TYPES

_PREFIX: Final = "#/components/schemas/"
_EVENT: Final = "MemberEvent"
_ERRORS: Final = {
    "400": "The request cannot be read as CloudEvents.",
    "401": "There is no token, or it is not known.",
    "403": "The single event speaks for what the token does not stand for.",
    "413": "The body is too large, or holds too many events.",
    "415": "The content type is not taken.",
    "422": "The single event is refused.",
    "429": "The community takes more than its quota: send the request again after Retry-After seconds.",
    "503": "NATS or PostgreSQL is away, or the store is full: send the request again after Retry-After seconds.",
}


def document_events(document: OpenAPI) -> None:
    """Add ``POST /v1/events`` and the forms of its events to ``document``."""
    _, components = msgspec.json.schema_components(
        [*MEMBER_EVENT_TYPES.values(), EventsAnswer, Problem], ref_template=_PREFIX + "{name}"
    )
    schemas = cast("dict[str, Any]", document.components.schemas)
    schemas.update(components)
    schemas[_EVENT] = {"oneOf": [_event(name, form.__name__) for name, form in MEMBER_EVENT_TYPES.items()]}
    paths = document.paths if document.paths is not None else {}
    paths["/v1/events"] = PathItem(post=_operation())
    document.paths = paths


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


def _operation() -> Operation:
    event = Reference(ref=_PREFIX + _EVENT)
    answers: dict[str, OpenAPIResponse | Reference] = {"200": _response("What became of each event.", EventsAnswer)}
    answers |= {status: _response(meaning, Problem) for status, meaning in _ERRORS.items()}
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
        responses=answers,
        security=[{"token": []}],
    )


def _response(meaning: str, form: type) -> OpenAPIResponse:
    media_type = PROBLEM_JSON if form is Problem else "application/json"
    content = {media_type: OpenAPIMediaType(schema=Reference(ref=_PREFIX + form.__name__))}
    return OpenAPIResponse(description=meaning, content=content)
