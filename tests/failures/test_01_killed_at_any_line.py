"""Killed with -9 at every named line around COMMIT and PubAck, and stopped beyond a lease: once in history and queue.

Every crash point is come to by real work under load; at the end, what was accepted is held against streams, stores and
views.
"""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.chaos.fault_kinds import FAULT_KINDS
from tests.chaos.schedule import Fault
from tests.failures.under_load import UnderLoad, under_load

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded() -> AsyncIterator[UnderLoad]:
    async with under_load() as made:
        yield made


def crashes_of(service: str) -> list[Fault]:
    """One death at each point to which the service comes."""
    return [
        Fault(kind=kind, target=service, at=0.0, seconds=0.0)
        for kind in FAULT_KINDS
        if kind.act == "crash" and service in kind.targets
    ]


async def test_every_service_is_killed_at_each_crash_point(loaded: UnderLoad) -> None:
    await loaded.done(*(crashes_of(service) for service in ("ingest", "triage", "notifier", "projections")))


async def test_an_owner_stopped_beyond_its_lease_is_fenced(loaded: UnderLoad) -> None:
    stop = next(kind for kind in FAULT_KINDS if kind.act == "stop")
    await loaded.done([Fault(kind=stop, target="triage", at=0.0, seconds=8.0)])


async def test_after_all_of_it_everything_agrees(loaded: UnderLoad) -> None:
    await loaded.assert_all_agrees()
