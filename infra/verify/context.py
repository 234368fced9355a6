"""What every check works with."""

from __future__ import annotations

from dataclasses import dataclass

from infra.progress import Progress
from infra.running_servers import Connections
from infra.verify.report import Report
from shared.stream_identity import StreamSeen


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyContext:
    """The servers, the streams as they stood at the start (by name), where to tell progress, and the report."""

    servers: Connections
    seen: dict[str, StreamSeen]
    progress: Progress
    report: Report
