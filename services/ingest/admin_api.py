"""Administration over HTTP: policies, communities, sources, imports and health, with OpenAPI from the same types."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Litestar, Request, Response, get, post, put
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme

from services.ingest.admin_errors import EXCEPTION_HANDLERS
from services.ingest.admin_parts import NAME, AdminParts, check_names, organisation_of, parts_of
from services.ingest.communities import CommunityListed
from services.ingest.health import Health, check_health
from services.ingest.http_message import MAX_BODY_BYTES
from services.ingest.imports import ImportRun
from services.ingest.openapi import complete
from services.ingest.policies import Adoption
from services.ingest.policy_body import read_policy
from services.ingest.principal import SourcePrincipal
from services.ingest.problem import ProblemError, unauthorized
from services.ingest.sources_api import SOURCE_FORMS, SOURCE_ROUTES
from services.ingest.tone_opt_outs import ToneOptOutSaid
from services.ingest.validation import fields_with_nul
from shared.contracts.names import Label, Name


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWanted:
    """An import to begin or go on with; ``name`` tells it from others into the community from the platform."""

    community: Name
    platform: Name
    source_name: Name
    name: Label


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedParts:
    """Parts of an import whose events were all accepted."""

    parts: Annotated[tuple[Label, ...], msgspec.Meta(max_length=10_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityList:
    """All communities by name."""

    items: Sequence[CommunityListed]


_FORMS: Final = (
    Adoption,
    CommunityList,
    FinishedParts,
    Health,
    ImportRun,
    ImportWanted,
    ToneOptOutSaid,
    *SOURCE_FORMS,
)


@put("/v1/policy", summary="Put a care policy in force")
async def put_policy(request: Request[Any, Any, Any], state: State) -> Adoption:
    """Adopt the policy for its organisation and tell its communities; an unchanged policy changes nothing."""
    policy = await asyncio.to_thread(read_policy, await request.body())
    return await parts_of(state).policies.adopt(policy, datetime.now(UTC))


@get("/v1/communities", summary="List the communities")
async def get_communities(state: State) -> CommunityList:
    """Return every community that is or was named by a policy or accepted by one."""
    return CommunityList(items=await parts_of(state).communities.listed())


@post("/v1/imports", status_code=200, summary="Begin an import, or go on with it")
async def post_import(data: ImportWanted, state: State) -> ImportRun:
    """Begin an import: until it ends, no deadline of the community fires. The same import has the same id."""
    check_names(community=data.community, platform=data.platform, source_name=data.source_name)
    _check_text(data)
    parts = parts_of(state)
    return await parts.imports.begin(
        community=data.community,
        organisation=await organisation_of(parts, data.community),
        platform=data.platform,
        source_name=data.source_name,
        name=data.name,
        now=datetime.now(UTC),
    )


@post("/v1/imports/{import_id:str}/parts", status_code=204, summary="Note finished parts of an import")
async def post_import_parts(import_id: str, data: FinishedParts, state: State) -> None:
    """Remember parts as finished, so that the import need not send them again."""
    _check_text(data)
    parts = parts_of(state)
    await _community_of(parts, import_id)
    await parts.imports.finish_parts(import_id, data.parts)


@post("/v1/imports/{import_id:str}/end", status_code=204, summary="End an import")
async def post_import_end(import_id: str, state: State) -> None:
    """End an import: each deadline of the community is looked at once. Ending twice does nothing twice."""
    parts = parts_of(state)
    community = await _community_of(parts, import_id)
    await parts.imports.end(import_id, await organisation_of(parts, community), datetime.now(UTC))


@post("/v1/tone-opt-outs", status_code=204, summary="Read nothing of a member for its tone, or read it again")
async def post_tone_opt_out(data: ToneOptOutSaid, state: State) -> None:
    """Note that a member opted out of the reading of tone, or takes it back: it holds for later messages, at once."""
    check_names(community=data.community, platform=data.platform)
    _check_text(data)
    parts = parts_of(state)
    organisation = await organisation_of(parts, data.community)
    await parts.tone_opt_outs.tell(data, organisation, datetime.now(UTC))


@get("/healthz", summary="Health, by real round trips", opt={"public": True}, responses={})
async def get_health(state: State) -> Response[Health]:
    """Ask NATS and PostgreSQL; 503 if either does not answer."""
    parts = parts_of(state)
    health = await check_health(parts.nc, parts.database, parts.publisher)
    return Response(health, status_code=200 if health.status == "ok" else 503)


def admin_api(parts: AdminParts) -> Litestar:
    """Return the ASGI application for everything but the events."""
    app = Litestar(
        [
            put_policy,
            get_communities,
            *SOURCE_ROUTES,
            post_import,
            post_import_parts,
            post_import_end,
            post_tone_opt_out,
            get_health,
        ],
        state=State({"parts": parts}),
        guards=[_administrator_only],
        exception_handlers=EXCEPTION_HANDLERS,
        request_max_body_size=MAX_BODY_BYTES,
        openapi_config=OpenAPIConfig(
            title="Warmline ingest",
            version="1",
            path="/schema",
            render_plugins=[JsonRenderPlugin()],  # no page of scripts from elsewhere
            components=Components(security_schemes={"token": SecurityScheme(type="http", scheme="bearer")}),
            security=[{"token": []}],
        ),
        logging_config=None,
    )
    complete(app.openapi_schema, _FORMS)
    return app


async def _administrator_only(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    if handler.opt.get("public") or connection.url.path.startswith("/schema"):
        return
    authorization = connection.headers.get("authorization", "").encode("latin-1", errors="replace")
    principal = await parts_of(connection.app.state).sources.principal_of(authorization)
    if principal is None:
        raise unauthorized()
    if isinstance(principal, SourcePrincipal):
        raise ProblemError(403, f"this token speaks for {principal.source} only: use the administrator's token")


async def _community_of(parts: AdminParts, import_id: str) -> str:
    community = await parts.imports.community_of(import_id) if NAME.fullmatch(import_id) else None
    if community is None:
        raise ProblemError(404, "there is no such import: begin it with POST /v1/imports")
    return community


def _check_text(data: ImportWanted | FinishedParts | ToneOptOutSaid) -> None:
    for field in fields_with_nul(msgspec.to_builtins(data), ""):
        raise ProblemError(422, "must not contain the character NUL (\\u0000)", field=field.lstrip("."))
