"""How Warmline itself is: every alarm with what to do about it, and every part with what it says."""

from __future__ import annotations

from typing import Any

from litestar import Response, get

from services.projections.injected import GivenAudit, GivenPages, SignedRequest


@get("/health", include_in_schema=False)
async def health_page(request: SignedRequest, pages: GivenPages, audit: GivenAudit) -> Response[Any]:
    """Show the auditor's last look."""
    return pages.page("health.html", viewer=request.user, session=request.auth, report=audit.report)
