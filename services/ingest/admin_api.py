"""Administration over HTTP: policies, communities, sources, imports and health, with OpenAPI from the same types."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, Final

import msgspec
from litestar import Litestar, Request, Response, delete, get, post, put
from litestar.connection import ASGIConnection
from litestar.datastructures import State
from litestar.handlers import BaseRouteHandler
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from nats.aio.client import Client

from services.ingest.admin_errors import EXCEPTION_HANDLERS
from services.ingest.communities import Communities, CommunityListed
from services.ingest.database import Database
from services.ingest.health import Health, check_health
from services.ingest.http_message import MAX_BODY_BYTES
from services.ingest.imports import ImportRun, Imports
from services.ingest.openapi import complete
from services.ingest.policies import Adoption, Policies
from services.ingest.policy_body import read_policy
from services.ingest.principal import SourcePrincipal
from services.ingest.problem import ProblemError, unauthorized
from services.ingest.sources import SourceListed, Sources
from services.ingest.validation import fields_with_nul
from shared.contracts.names import Label, Name
from shared.contracts.warmline_facts import PLATFORM
from shared.publisher import DurablePublisher

_NAME: Final = re.compile(r"[a-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceWanted:
    """A source to add."""

    community: Name
    platform: Name
    name: Name


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAdded:
    """A source that was added. ``token`` is shown here and never again."""

    name: str
    source: str
    token: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceList:
    """All sources by community, platform and name."""

    items: Sequence[SourceListed]


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminParts:
    """What the administration works on."""

    nc: Client
    database: Database
    publisher: DurablePublisher
    communities: Communities
    policies: Policies
    sources: Sources
    imports: Imports


_FORMS: Final = (
    Adoption,
    CommunityList,
    FinishedParts,
    Health,
    ImportRun,
    ImportWanted,
    SourceAdded,
    SourceList,
    SourceWanted,
)


@put("/v1/policy", summary="Put a care policy in force")
async def put_policy(request: Request[Any, Any, Any], state: State) -> Adoption:
    """Adopt the policy for its organisation and tell its communities; an unchanged policy changes nothing."""
    policy = await asyncio.to_thread(read_policy, await request.body())
    return await _parts(state).policies.adopt(policy, datetime.now(UTC))


@get("/v1/communities", summary="List the communities")
async def get_communities(state: State) -> CommunityList:
    """Return every community that is or was named by a policy or accepted by one."""
    return CommunityList(items=await _parts(state).communities.listed())


@post("/v1/sources", summary="Add a source and get its token")
async def post_source(data: SourceWanted, state: State) -> SourceAdded:
    """Add a source of a community; the token in the answer is shown once."""
    _check_names(community=data.community, platform=data.platform, name=data.name)
    parts = _parts(state)
    await _organisation_of(parts, data.community)
    token = await parts.sources.add(data.community, data.platform, data.name, datetime.now(UTC))
    source = f"/{data.platform}/{data.name}"
    if token is None:
        raise ProblemError(
            409, f"the community {data.community!r} has a source {source} already: choose another name", field="name"
        )
    return SourceAdded(name=data.name, source=source, token=token)


@get("/v1/sources", summary="List the sources")
async def get_sources(state: State) -> SourceList:
    """Return every source, without tokens."""
    return SourceList(items=await _parts(state).sources.listed())


@delete("/v1/sources/{platform:str}/{name:str}", summary="Remove a source")
async def delete_source(platform: str, name: str, community: str, state: State) -> None:
    """Remove a source of a community, so that its token is worth nothing from now on."""
    _check_names(community=community, platform=platform, name=name)
    if not await _parts(state).sources.remove(community, platform, name):
        raise ProblemError(404, f"the community {community!r} has no source /{platform}/{name}")


@post("/v1/imports", status_code=200, summary="Begin an import, or go on with it")
async def post_import(data: ImportWanted, state: State) -> ImportRun:
    """Begin an import: until it ends, no deadline of the community fires. The same import has the same id."""
    _check_names(community=data.community, platform=data.platform, source_name=data.source_name)
    _check_text(data)
    parts = _parts(state)
    return await parts.imports.begin(
        community=data.community,
        organisation=await _organisation_of(parts, data.community),
        platform=data.platform,
        source_name=data.source_name,
        name=data.name,
        now=datetime.now(UTC),
    )


@post("/v1/imports/{import_id:str}/parts", status_code=204, summary="Note finished parts of an import")
async def post_import_parts(import_id: str, data: FinishedParts, state: State) -> None:
    """Remember parts as finished, so that the import need not send them again."""
    _check_text(data)
    parts = _parts(state)
    await _community_of(parts, import_id)
    await parts.imports.finish_parts(import_id, data.parts)


@post("/v1/imports/{import_id:str}/end", status_code=204, summary="End an import")
async def post_import_end(import_id: str, state: State) -> None:
    """End an import: each deadline of the community is looked at once. Ending twice does nothing twice."""
    parts = _parts(state)
    community = await _community_of(parts, import_id)
    await parts.imports.end(import_id, await _organisation_of(parts, community), datetime.now(UTC))


@get("/healthz", summary="Health, by real round trips", opt={"public": True}, responses={})
async def get_health(state: State) -> Response[Health]:
    """Ask NATS and PostgreSQL; 503 if either does not answer."""
    parts = _parts(state)
    health = await check_health(parts.nc, parts.database, parts.publisher)
    return Response(health, status_code=200 if health.status == "ok" else 503)


def admin_api(parts: AdminParts) -> Litestar:
    """Return the ASGI application for everything but the events."""
    app = Litestar(
        [
            put_policy,
            get_communities,
            post_source,
            get_sources,
            delete_source,
            post_import,
            post_import_parts,
            post_import_end,
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
    principal = await _parts(connection.app.state).sources.principal_of(authorization)
    if principal is None:
        raise unauthorized()
    if isinstance(principal, SourcePrincipal):
        raise ProblemError(403, f"this token speaks for {principal.source} only: use the administrator's token")


def _parts(state: State) -> AdminParts:
    parts: AdminParts = state["parts"]
    return parts


async def _organisation_of(parts: AdminParts, community: str) -> str:
    """Return the organisation of a community that has been told of its policy; raises ProblemError for an unknown."""
    communities = await parts.communities.known()
    if not communities.is_announced(community):
        communities = await parts.communities.admit([community])
    organisation = communities.organisation_of(community)
    if organisation is None:
        raise ProblemError(
            422,
            f"the community {community!r} is not in a care policy: add it to its organisation's policy",
            field="community",
        )
    return organisation


async def _community_of(parts: AdminParts, import_id: str) -> str:
    community = await parts.imports.community_of(import_id) if _NAME.fullmatch(import_id) else None
    if community is None:
        raise ProblemError(404, "there is no such import: begin it with POST /v1/imports")
    return community


def _check_names(**names: str) -> None:
    for field, name in names.items():
        if _NAME.fullmatch(name) is None:
            raise ProblemError(422, "must be 1 to 40 of the characters a-z, 0-9 and '-'", field=field)
        if field == "platform" and name == PLATFORM:
            raise ProblemError(422, f"the platform {PLATFORM!r} is kept for Warmline's own facts", field=field)


def _check_text(data: ImportWanted | FinishedParts) -> None:
    for field in fields_with_nul(msgspec.to_builtins(data), ""):
        raise ProblemError(422, "must not contain the character NUL (\\u0000)", field=field.lstrip("."))
