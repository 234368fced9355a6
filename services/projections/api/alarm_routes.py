"""``/api/v1/alarms``: what the auditor says."""

from __future__ import annotations

from litestar import get

from services.projections.injected import GivenAudit
from services.projections.problems import unavailable
from shared.contracts.audit import AuditReport


@get("/alarms", summary="Alarms", operation_id="listAlarms", tags=["status"])
async def list_alarms(audit: GivenAudit) -> AuditReport:
    """Return the auditor's last look: the alarms that stand, oldest first, and every part with what it says.

    503 when the auditor does not answer: then nobody watches.
    """
    report = audit.report
    if report is None:
        raise unavailable("The auditor")
    return report
