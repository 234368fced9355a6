"""The HTTP application: the JSON API, the desk and their errors as one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from litestar import Litestar, Router
from litestar.datastructures import MutableScopeHeaders
from litestar.di import Provide
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.static_files import create_static_files_router
from litestar.types import Message, Scope

from services.projections.api import (
    alarm_routes,
    link_routes,
    member_routes,
    queue_routes,
    status_routes,
    suggestion_routes,
    touch_routes,
)
from services.projections.api.telling import telling
from services.projections.audit_watch import AuditWatch
from services.projections.authentication import Authentication
from services.projections.changes import QueueChanges
from services.projections.desk import entrance, health_page, live, member_page, queue_page, suggestion_page, touch_page
from services.projections.desk.rendering import STATIC, Pages
from services.projections.desk.session import Sessions
from services.projections.errors import error_handler
from services.projections.health import HealthCheck
from services.projections.member_commands import MemberCommands
from services.projections.openapi import complete
from services.projections.progress import Progress
from services.projections.readable import refuse_unreadable
from services.projections.reading import Reader
from services.projections.suggesting import Suggestions
from services.projections.touch_commands import TouchCommands

_MAX_BODY_BYTES: Final = 64 * 1024
_SECURITY_HEADERS: Final = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the handlers work with."""

    reader: Reader
    changes: QueueChanges
    commands: TouchCommands
    member_commands: MemberCommands
    health: HealthCheck
    progress: Progress
    sessions: Sessions
    suggestions: Suggestions
    audit: AuditWatch


def create_app(parts: Parts) -> Litestar:
    """Return the application over ``parts``, which the caller opens and closes."""
    pages = Pages(parts.sessions, parts.audit)
    api = Router(
        "/api/v1",
        route_handlers=[
            queue_routes.list_queue,
            touch_routes.get_touch,
            touch_routes.claim,
            touch_routes.release,
            touch_routes.settle,
            member_routes.get_member,
            member_routes.list_history,
            member_routes.ask_for_touch,
            member_routes.log_care,
            member_routes.tell_contact,
            member_routes.promise_follow_up,
            member_routes.tag_member,
            member_routes.write_note,
            member_routes.opt_out_of_tone,
            link_routes.link,
            link_routes.unlink,
            suggestion_routes.list_suggestions,
            status_routes.status,
            alarm_routes.list_alarms,
        ],
        security=[{"token": []}],
    )
    desk = Router(
        "/",
        route_handlers=[
            queue_page.queue_page,
            touch_page.touch_page,
            touch_page.act,
            member_page.member_page,
            member_page.tell,
            suggestion_page.suggestion_page,
            health_page.health_page,
            live.live,
            entrance.login_page,
            entrance.login,
            entrance.who_page,
            entrance.who,
            entrance.logout,
        ],
    )
    static = create_static_files_router(
        "/static", directories=[STATIC], cache_control=None, include_in_schema=False, name="static"
    )
    app = Litestar(
        route_handlers=[api, desk, static, status_routes.healthz],
        dependencies={
            "reader": _given(parts.reader),
            "changes": _given(parts.changes),
            "commands": _given(parts.commands),
            "member_commands": _given(parts.member_commands),
            "health": _given(parts.health),
            "progress": _given(parts.progress),
            "sessions": _given(parts.sessions),
            "suggestions": _given(parts.suggestions),
            "audit": _given(parts.audit),
            "pages": _given(pages),
            "telling": Provide(telling, sync_to_thread=False),
        },
        middleware=[DefineMiddleware(Authentication, sessions=parts.sessions, reader=parts.reader)],
        exception_handlers={Exception: error_handler(pages.problem)},
        before_request=refuse_unreadable,
        before_send=[_add_security_headers],
        request_max_body_size=_MAX_BODY_BYTES,
        logging_config=None,
        openapi_config=OpenAPIConfig(
            title="Warmline",
            version="1",
            description="Who needs a human, why, and in whose hands it is.",
            path="/schema",
            render_plugins=[JsonRenderPlugin()],
            components=Components(
                security_schemes={
                    "token": SecurityScheme(type="http", scheme="bearer", description="The administrator's token")
                }
            ),
        ),
    )
    complete(app.openapi_schema)
    return app


def _given(part: Any) -> Provide:
    return Provide(lambda: part, use_cache=True, sync_to_thread=False)


async def _add_security_headers(message: Message, scope: Scope) -> None:  # noqa: ARG001 -- Litestar's signature
    if message["type"] == "http.response.start":
        headers = MutableScopeHeaders.from_message(message)
        for name, value in _SECURITY_HEADERS.items():
            headers.setdefault(name, value)
