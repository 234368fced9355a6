"""One system for the tests that do not hurt it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.collector import Collector, collector
from tests.end_to_end.harbour import write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.waiting import until


@pytest.fixture(scope="session")
def traces() -> Iterator[Collector]:
    """What the system tells of traces, all of which are recorded; the same is its integrator."""
    with collector() as taking:
        yield taking


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, traces: Collector) -> Iterator[RunningSystem]:
    told = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": traces.url,
        "OTEL_TRACES_SAMPLER": "always_on",
        "OTEL_BSP_SCHEDULE_DELAY": "200",
    }
    policy = write_policy(tmp_path_factory.mktemp("policy"), integrator=f"{traces.url}/crm")
    with started(policy=policy, told=told) as running:
        until(lambda: running.command("integrators", "secret", "crm").returncode == 0, what="the integrator's secret")
        yield running
