"""``/api/v1/members/…/links``: which identities are one person."""

from __future__ import annotations

from litestar import Response
from litestar.params import JSONBody

from services.projections.acting import Linking, Told
from services.projections.api.telling import GivenTelling, telling_route
from services.projections.injected import GivenReader
from services.projections.linking import linking, unlinking


@telling_route("/members/{member:str}/links", summary="Link two identities", operation_id="linkMember")
async def link(telling: GivenTelling, reader: GivenReader, data: JSONBody[Linking]) -> Response[Told]:
    """Say that two identities are one person: they have one touch and one story while they are linked."""
    return await telling.send(await linking(reader, await telling.about(data.responder), data))


@telling_route("/members/{member:str}/unlinks", summary="Take back a link", operation_id="unlinkMember")
async def unlink(telling: GivenTelling, reader: GivenReader, data: JSONBody[Linking]) -> Response[Told]:
    """Take back that two identities are one person: each has its own touch and story again."""
    return await telling.send(await unlinking(reader, await telling.about(data.responder), data))
