"""Turns a template and what it shows into a response."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import MediaType, Request, Response
from litestar.response import Redirect

from services.projections.audit_watch import AuditWatch
from services.projections.desk import glance, telling, wording, words
from services.projections.desk.measures import measures
from services.projections.desk.session import Session, Sessions
from services.projections.problems import Problem
from services.projections.viewer import Viewer

_HERE: Final = Path(__file__).parent
STATIC: Final = _HERE / "static"
_HEADINGS: Final = {
    HTTPStatus.NOT_FOUND: "There is nothing here",
    HTTPStatus.FORBIDDEN: "That is not yours to do",
    HTTPStatus.SERVICE_UNAVAILABLE: "One moment, please",
    HTTPStatus.INTERNAL_SERVER_ERROR: "That is our mistake",
}


class Pages:
    """The desk's templates, with escaping always on and nothing undefined passed over."""

    def __init__(self, sessions: Sessions, audit: AuditWatch) -> None:
        self._sessions = sessions
        self._audit = audit
        self._environment = Environment(
            loader=FileSystemLoader(_HERE / "templates"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        digest = hashlib.sha256(b"".join(path.read_bytes() for path in sorted(STATIC.iterdir()))).hexdigest()[:12]
        self._environment.globals.update(
            glance=glance, words=words, telling=telling, wording=wording, measures=measures, static_version=digest
        )
        self._environment.filters.update(iso=_iso, exact=_exact, weblink=_weblink)

    def page(
        self,
        name: str,
        *,
        viewer: Viewer | None,
        session: Session | None,
        status: HTTPStatus = HTTPStatus.OK,
        **shown: Any,
    ) -> Response[str]:
        """Return the template ``name`` filled in for ``viewer``; None for somebody who has not signed in."""
        text = self._environment.get_template(name).render(
            viewer=viewer,
            form_token=self._sessions.form_token(session) if session else "",
            now=datetime.now(UTC),
            audit=self._audit.standing,
            **shown,
        )
        return Response(
            text, media_type=MediaType.HTML, status_code=status.value, headers={"Cache-Control": "no-store"}
        )

    def problem(self, request: Request[Any, Any, Any], problem: Problem) -> Response[Any]:
        """Show a problem to a person; somebody who has not signed in is asked to."""
        if problem.status is HTTPStatus.UNAUTHORIZED:
            return Redirect("/login", status_code=HTTPStatus.SEE_OTHER.value)
        response = self.page(
            "error.html",
            viewer=request.scope.get("user"),
            session=request.scope.get("auth"),
            status=problem.status,
            heading=_HEADINGS.get(problem.status, problem.status.phrase),
            detail=problem.detail,
        )
        response.headers.update(problem.headers)
        return response


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _exact(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%a %-d %b %Y, %H:%M UTC")


def _weblink(url: str | None) -> str | None:
    return url if url and url.startswith(("https://", "http://")) else None
