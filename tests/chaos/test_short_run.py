"""`make chaos`, for half a minute and with faults that need no root."""

from __future__ import annotations

import pytest
from rich.console import Console

from tests.chaos.machine import Machine
from tests.chaos.run import Plan, chaos
from tests.chaos.table import as_data, show

UNPRIVILEGED = Machine(why_no_power_cut="not asked for", why_no_cable="not asked for")

BUSY = 90.0
"""Seconds to recover within, where other tests have the processor, too."""


@pytest.mark.timeout(400)
async def test_a_short_run_loses_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    lines: list[str] = []
    verdict = await chaos(Plan(seed=277, seconds=22, nodes=1, machine=UNPRIVILEGED, recovery=BUSY), lines.append)
    assert verdict.good, "\n".join([*lines, *verdict.wrong])
    assert verdict.total.times == 6
    assert verdict.total.accepted > 1000
    assert verdict.touches
    show(Console(width=120), verdict)
    said = capsys.readouterr().out
    assert all(fault in said for fault in ("NATS: kill -9 of one node", "kill -9 at redaction.before-erasure"))
    assert "Not possible here: NATS: power cut: not asked for" in said
    assert "Nothing is lost, doubled or out of order." in said
    assert as_data(verdict)["good"] is True
