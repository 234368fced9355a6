"""What it costs to tell of everything: the whole line with all telemetry, and with none."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Final

import httpx

from benchmarks.line_load import Load
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import Run, interleaved
from benchmarks.system import System, system
from shared.bounded_wait import end
from tests.collector import collector
from tests.servers import data_folder

ROW: Final = "telemetry"
_ALL: Final = "all telemetry"
_NONE: Final = "no telemetry"
_SCRAPE_SECONDS: Final = 5.0
_HOW: Final = (
    "warmline up under the load of the whole pipeline, in turn: with metrics asked for every five seconds, with "
    "metrics and traces sent by OTLP to a collector, one request in ten traced; and with OTEL_SDK_DISABLED and nobody "
    "who asks. What is compared is the processor time of all processes and servers; the collector's is not counted."
)


async def run(options: Options, report: Callable[[str], None]) -> RowResult:
    """Load the line with and without telemetry in turn."""
    seconds = options.size("TELEMETRY_SECONDS", 10)

    def turn(told: Mapping[str, str], *, asked: bool) -> Run:
        async def loaded() -> Sample:
            with data_folder() as data:
                async with system(data, told=told) as running, _scraped(running, asked=asked):
                    return (await Load(running).run(seconds)).sample()

        return loaded

    with data_folder() as probed, collector() as taking:
        ways = {
            _ALL: turn({"OTEL_EXPORTER_OTLP_ENDPOINT": taking.url}, asked=True),
            _NONE: turn({"OTEL_SDK_DISABLED": "true"}, asked=False),
        }
        rounds = await interleaved(ways, options.rounds, probed, report)
    costs = zip(rounds.samples[_ALL], rounds.samples[_NONE], strict=True)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples[_ALL]),
        discarded=rounds.discarded,
        sizes={"seconds": seconds},
        figures={
            "telemetry-cpu": statistics.median(told.cpu_us / untold.cpu_us for told, untold in costs),
            "telemetry-rate": rounds.ratio(_ALL, _NONE),
        },
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


@asynccontextmanager
async def _scraped(running: System, *, asked: bool) -> AsyncIterator[None]:
    """Ask every process for its metrics meanwhile, as a Prometheus does, if they are to be ``asked`` for."""
    if not asked:
        yield
        return
    urls = [f"http://127.0.0.1:{port}/metrics" for port in running.run.metrics_ports.values()]

    async def scrape() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
            while True:
                for url in urls:
                    (await client.get(url)).raise_for_status()
                await asyncio.sleep(_SCRAPE_SECONDS)

    scraping = asyncio.create_task(scrape(), name="ask for metrics")
    try:
        yield
    finally:
        await end(scraping)
