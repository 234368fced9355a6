"""Killed with -9 at every named line around COMMIT and PubAck, and stopped beyond a lease: once in history and queue.

Every crash point is come to by real work under load; at the end, what was accepted is held against streams, stores and
views.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from tests.chaos.accepted import Accepted
from tests.chaos.commands import command
from tests.chaos.deployment import TOKEN, Deployment, deployed
from tests.chaos.fault_kinds import FAULT_KINDS
from tests.chaos.injection import Injector
from tests.chaos.load import Load
from tests.chaos.people import People
from tests.chaos.probe import Prober
from tests.chaos.schedule import Fault
from tests.chaos.sending import Sender

pytestmark = pytest.mark.asyncio(loop_scope="module")


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderLoad:
    deployment: Deployment
    accepted: Accepted
    injector: Injector
    load: Load
    prober: Prober

    async def done(self, *planned: Fault) -> None:
        """Do faults one after the other under load, and wait until everything works again."""
        assert planned
        self.load.start()
        for fault in planned:
            injected = await self.injector.inject(fault)
            assert injected.happened, f"nobody came to {fault.kind.name}"
        await self.load.finish()
        assert await self.injector.wrong() == []
        recovery, _ = await self.prober.recovered()
        assert recovery is not None

    async def assert_all_agrees(self) -> None:
        code, said = await command(self.deployment, "verify", "--accepted", str(self.accepted.file))
        assert code == 0, said


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def under_load() -> AsyncIterator[UnderLoad]:
    async with deployed() as deployment:
        sender, accepted = Sender(deployment.urls("ingest")), Accepted(deployment.data / "accepted.jsonl")
        people = People(deployment.urls("projections"), TOKEN, seed=1)
        load = Load(sender, accepted, deployment.tokens, seed=1, every=1.0)
        people.start()
        try:
            yield UnderLoad(
                deployment=deployment,
                accepted=accepted,
                injector=Injector(deployment),
                load=load,
                prober=Prober(sender, accepted, deployment.run.postgres_url),
            )
        finally:
            await load.abandon()
            await people.finish()
            await sender.close()
            await accepted.close()


def crashes_of(service: str) -> list[Fault]:
    """One death at each point to which the service comes."""
    return [
        Fault(kind=kind, target=service, at=0.0, seconds=0.0)
        for kind in FAULT_KINDS
        if kind.act == "crash" and service in kind.targets
    ]


@pytest.mark.parametrize("service", ["triage", "notifier", "projections", "ingest"])
async def test_killed_at_each_crash_point(under_load: UnderLoad, service: str) -> None:
    await under_load.done(*crashes_of(service))


async def test_an_owner_stopped_beyond_its_lease_is_fenced(under_load: UnderLoad) -> None:
    stop = next(kind for kind in FAULT_KINDS if kind.act == "stop")
    await under_load.done(Fault(kind=stop, target="triage", at=0.0, seconds=8.0))


async def test_after_all_of_it_everything_agrees(under_load: UnderLoad) -> None:
    await under_load.assert_all_agrees()
