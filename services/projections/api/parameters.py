"""Query parameters that several lists share."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from litestar import Request
from litestar.params import QueryParameter

from services.projections.problems import Problem

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many items at most")]
Cursor = Annotated[str | None, QueryParameter(description="The `next` of the page before")]


def refuse_unknown_parameters(request: Request[Any, Any, Any], *known: str) -> None:
    """Raise a Problem for a parameter that is not ``known``: a misspelt filter must not pass for no filter."""
    for name in request.query_params:
        if name not in known:
            raise Problem(
                HTTPStatus.BAD_REQUEST,
                f"There is no parameter {name[:60]!r} here. Use one of: {', '.join(known)}.",
                field=name[:60],
            )
