"""``/healthz`` and ``/api/v1/status``: whether Warmline works, and how far the views have come."""

from __future__ import annotations

from dataclasses import dataclass

from litestar import Response, get

from services.projections.health import Health
from services.projections.injected import GivenHealth, GivenProgress
from services.projections.problems import RETRY_AFTER_SECONDS
from services.projections.progress import ShardProgress


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """How the servers answer and how far each reader of a view has come."""

    health: Health
    views: list[ShardProgress]


@get("/healthz", summary="Health", operation_id="health", tags=["status"], security=[{}])
async def healthz(health: GivenHealth) -> Response[Health]:
    """Ask NATS and PostgreSQL just now: 200 when both answered, else 503."""
    found = await health()
    if found.status == "ok":
        return Response(found)
    return Response(found, status_code=503, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


@get("/status", summary="Status", operation_id="status", tags=["status"])
async def status(health: GivenHealth, progress: GivenProgress) -> Status:
    """Return health by real round trips, and each reader's position and lag in messages."""
    found = await health()
    return Status(health=found, views=await progress() if found.status == "ok" else [])
