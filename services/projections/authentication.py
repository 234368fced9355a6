"""Who may come in: the administrator's token at the API, a session's cookie anywhere. Everything else is refused."""

from __future__ import annotations

import time
from http import HTTPStatus
from typing import Any, Final

from litestar.connection import ASGIConnection
from litestar.exceptions import NotAuthorizedException, PermissionDeniedException
from litestar.middleware import AbstractAuthenticationMiddleware, AuthenticationResult
from litestar.types import ASGIApp

from services.projections.desk.session import COOKIE, Session, Sessions
from services.projections.problems import Problem
from services.projections.reading import Reader
from services.projections.viewer import ADMINISTRATOR, ONLOOKER, Viewer

PUBLIC_PATHS: Final = [r"^/healthz$", r"^/login$", r"^/static/", r"^/schema"]
_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class Authentication(AbstractAuthenticationMiddleware):
    """Sets ``request.user`` to the Viewer and ``request.auth`` to the desk's Session (None for a token)."""

    def __init__(self, app: ASGIApp, sessions: Sessions, reader: Reader) -> None:
        super().__init__(app, exclude=PUBLIC_PATHS)
        self._sessions = sessions
        self._reader = reader

    async def authenticate_request(self, connection: ASGIConnection[Any, Any, Any, Any]) -> AuthenticationResult:
        """Return who is asking; raises NotAuthorizedException or PermissionDeniedException."""
        header = connection.headers.get("authorization")
        if header is not None:
            scheme, _, token = header.partition(" ")
            if scheme.lower() != "bearer" or not self._sessions.is_administrator(token.strip()):
                raise NotAuthorizedException(detail="This token is not the administrator's.")
            return AuthenticationResult(user=ADMINISTRATOR, auth=None)
        session = self._sessions.open(connection.cookies.get(COOKIE), time.time())
        if session is None:
            raise NotAuthorizedException(
                detail="Send the administrator's token as 'Authorization: Bearer <token>', or sign in at the desk."
            )
        if connection.scope.get("method") not in _SAFE_METHODS and not _same_origin(connection):
            raise PermissionDeniedException(detail="With a session, changes are taken only from the desk's own pages.")
        return AuthenticationResult(user=await viewer_of(session, self._reader), auth=session)


async def viewer_of(session: Session, reader: Reader) -> Viewer:
    """Return what the session's person may see; somebody who is no longer a responder is just looking."""
    if session.responder is None:
        return ONLOOKER
    for seat in await reader.seats():
        if (seat.organisation, seat.name) == (session.organisation, session.responder):
            return Viewer(
                organisation=seat.organisation,
                responder=seat.name,
                display_name=seat.display_name,
                identities=seat.identities,
                reads_private=seat.communities,
            )
    return ONLOOKER


def refuse_to_act_as(responder: str, connection: ASGIConnection[Any, Viewer, Session | None, Any]) -> None:
    """Raise a Problem when a session acts as anybody but its own responder; the administrator's token acts for all."""
    viewer = connection.user
    if connection.auth is not None and viewer.responder != responder:
        who = viewer.display_name or "somebody who is just looking"
        raise Problem(HTTPStatus.FORBIDDEN, f"This session is {who}'s: act as yourself.", field="responder")


def _same_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    site = connection.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = connection.headers.get("origin")
    return origin is not None and origin.partition("://")[2] == connection.headers.get("host")


def signed_in(connection: ASGIConnection[Any, Any, Any, Any], sessions: Sessions) -> bool:
    """Whether the connection carries a session's cookie that holds."""
    return sessions.open(connection.cookies.get(COOKIE), time.time()) is not None
