"""The services' HTTP faces: what each answers to ``/healthz``."""

from __future__ import annotations

from dataclasses import dataclass

import httpx


@dataclass(frozen=True, slots=True, kw_only=True)
class Faces:
    """Where the system answers over HTTP; what is None is not asked."""

    desk_url: str | None
    ingest_url: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FaceLook:
    """What one of them answered; ``well`` when with 200, and otherwise with what it said."""

    name: str
    well: bool
    says: str


async def look_at_faces(client: httpx.AsyncClient, faces: Faces) -> tuple[FaceLook, ...]:
    """Return how each face answers; raises nothing for one that does not."""
    wanted = (("desk", faces.desk_url), ("ingest", faces.ingest_url))
    return tuple([await _look_at_face(client, name, url) for name, url in wanted if url is not None])


async def _look_at_face(client: httpx.AsyncClient, name: str, url: str) -> FaceLook:
    try:
        response = await client.get(f"{url}/healthz")
    except httpx.HTTPError as error:
        return FaceLook(name=name, well=False, says=f"{url} does not answer ({type(error).__name__})")
    if response.status_code == 200:
        return FaceLook(name=name, well=True, says=f"{url} answers")
    return FaceLook(name=name, well=False, says=f"{url} answers {response.text}")
