"""Views whose tables an older build made otherwise: folded anew from the streams when this one is provisioned."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import psycopg

from infra.rebuilding.view_rebuild import ViewRebuild
from infra.running_servers import Servers, connected
from services.projections.views import VIEWS
from shared.view import layout_in, layout_of, schema_of


async def renew_views(
    servers: Servers, connection: psycopg.AsyncConnection[Any], report: Callable[[str], None]
) -> None:
    """Rebuild every view whose tables are not as this build makes them; ``report`` is told. Raises OperatorError."""
    for view in VIEWS:
        if await layout_in(connection, schema_of(view)) == layout_of(view):
            continue
        report(f"The view {view.name} has other tables in this version: it is folded anew from the streams")
        async with connected(servers, "warmline provision") as connections:
            rebuilt = await ViewRebuild(connections, view, _Told(report)).run()
        report(f"The view {view.name} is there again: {rebuilt.rows:,} rows")


class _Told:
    """Tells a tenth of a step after the other, since nobody watches a bar here."""

    def __init__(self, report: Callable[[str], None]) -> None:
        self._report = report
        self._what, self._total, self._tenths = "", 0, 0

    def step(self, what: str, total: int | None = None) -> None:
        """Begin a step."""
        self._what, self._total, self._tenths = what, total or 0, 0

    def reach(self, done: int) -> None:
        """Say how far a step has come, whenever another tenth of it is done."""
        tenths = 10 * done // self._total if self._total else 0
        if tenths > self._tenths:
            self._tenths = tenths
            self._report(f"  {self._what}: {done:,} of {self._total:,}")

    def tell(self, line: str) -> None:
        """Say something that stays to be read."""
        self._report(line)
