"""The demo's process: ``python -m infra.demo.main``, beside a running Warmline."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Final

import structlog

from infra.demo.run import WallClock, run_demo
from infra.ingest_client import ingest_client
from infra.operator_error import OperatorError
from infra.running_system import RunningSystem, running_system
from infra.stop_signals import StopSignals
from shared.telemetry.process import configure

_SEED: Final = 7


def main() -> int:
    """Live until a signal; return 0, or 1 when ingest refused or stayed away."""
    configure("demo", os.environ.get("WARMLINE_INSTANCE", "demo"))
    try:
        data = Path(os.environ.get("WARMLINE_DATA") or os.environ.get("DATA") or ".data")
        asyncio.run(_live(running_system(data, os.environ)))
    except OperatorError as error:
        structlog.get_logger().error("demo ended", why=str(error))
        return 1
    return 0


async def _live(system: RunningSystem) -> None:
    signals = StopSignals()
    async with ingest_client(system.ingest_url, system.token) as ingest:
        await signals.unless_received(run_demo(ingest, seed=_SEED, clock=WallClock()))


if __name__ == "__main__":
    sys.exit(main())
