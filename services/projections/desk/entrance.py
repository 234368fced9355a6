"""Signing in with the administrator's token, saying who one is, and signing out."""

from __future__ import annotations

import time
from dataclasses import replace
from http import HTTPStatus
from typing import Any

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.response import Redirect

from services.projections.authentication import signed_in
from services.projections.desk.forms import sent_form
from services.projections.desk.session import COOKIE, LIFETIME_SECONDS, Session, Sessions
from services.projections.desk.words import seat_value
from services.projections.injected import AnyRequest, GivenPages, GivenReader, GivenSessions, SignedRequest


@get("/login", include_in_schema=False)
async def login_page(request: AnyRequest, pages: GivenPages, sessions: GivenSessions) -> Response[Any]:
    """Ask for the token."""
    if signed_in(request, sessions):
        return _go("/")
    return pages.page("login.html", viewer=None, session=None, wrong=False)


@post("/login", include_in_schema=False)
async def login(request: AnyRequest, pages: GivenPages, sessions: GivenSessions) -> Response[Any]:
    """Begin a session for who knows the token."""
    token = (await request.form()).get("token")
    if not isinstance(token, str) or not sessions.is_administrator(token.strip()):
        return pages.page("login.html", viewer=None, session=None, status=HTTPStatus.UNAUTHORIZED, wrong=True)
    return _enter(request, sessions, sessions.new(time.time()), "/who")


@get("/who", include_in_schema=False)
async def who_page(request: SignedRequest, pages: GivenPages, reader: GivenReader) -> Response[Any]:
    """Ask who one is."""
    seats = await reader.seats()
    return pages.page("who.html", viewer=request.user, session=request.auth, seats=seats)


@post("/who", include_in_schema=False)
async def who(request: SignedRequest, sessions: GivenSessions, reader: GivenReader) -> Response[Any]:
    """Remember who one is: a responder, or somebody who is just looking."""
    form = await sent_form(request, sessions)
    session = request.auth
    if session is None:
        return _go("/login")
    chosen = replace(session, chosen=True, organisation=None, responder=None)
    wanted = form.get("seat", "")
    for seat in await reader.seats():
        if wanted == seat_value(seat.organisation, seat.name):
            chosen = replace(chosen, organisation=seat.organisation, responder=seat.name)
    return _enter(request, sessions, chosen, "/")


@post("/logout", include_in_schema=False)
async def logout(request: SignedRequest, sessions: GivenSessions) -> Response[Any]:
    """End the session."""
    await sent_form(request, sessions)
    response = _go("/login")
    response.delete_cookie(COOKIE)
    return response


def _enter(request: AnyRequest, sessions: Sessions, session: Session, path: str) -> Response[Any]:
    response = _go(path)
    response.set_cookie(
        Cookie(
            key=COOKIE,
            value=sessions.seal(session),
            max_age=LIFETIME_SECONDS,
            path="/",
            httponly=True,
            secure=request.url.scheme == "https",
            samesite="strict",
        )
    )
    return response


def _go(path: str) -> Response[Any]:
    return Redirect(path, status_code=HTTPStatus.SEE_OTHER.value)
