"""All dashboards, and where they stand for Grafana."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from infra.observability.dashboards.care import CARE
from infra.observability.dashboards.flow import FLOW
from infra.observability.dashboards.servers import SERVERS
from infra.observability.dashboards.services import SERVICES

BOARDS: Final = (FLOW, CARE, SERVICES, SERVERS)
FOLDER: Final = Path(__file__).parents[1] / "grafana" / "dashboards"
