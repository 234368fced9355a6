"""A deployment under load, for faults that are to be survived while people go on as ever."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from shared.publisher import ATOMIC_FROM_MESSAGES
from tests.chaos.accepted import Accepted
from tests.chaos.commands import command
from tests.chaos.deployment import TOKEN, Deployment, deployed
from tests.chaos.injection import Injector
from tests.chaos.load import Load
from tests.chaos.people import People
from tests.chaos.probe import Prober
from tests.chaos.schedule import Fault
from tests.chaos.sending import Sender

_LARGEST_POST = ATOMIC_FROM_MESSAGES + 4
"""Some posts are published at once and some one by one; more events at a time come to no other line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnderLoad:
    deployment: Deployment
    accepted: Accepted
    injector: Injector
    load: Load
    prober: Prober

    async def done(self, *rows: list[Fault]) -> None:
        """Do the rows of faults at the same time under load, each in its order; wait until everything works again."""
        self.load.start()
        await asyncio.gather(*(self._done(row) for row in rows))
        await self.load.finish()
        assert await self.injector.wrong() == []
        recovery, _ = await self.prober.recovered()
        assert recovery is not None

    async def _done(self, row: list[Fault]) -> None:
        assert row
        for fault in row:
            injected = await self.injector.inject(fault)
            assert injected.happened, f"nobody came to {fault.kind.name} ({fault.target})"

    async def assert_all_agrees(self) -> None:
        code, said = await command(self.deployment, "verify", "--accepted", str(self.accepted.file))
        assert code == 0, said


@asynccontextmanager
async def under_load(seed: int = 1) -> AsyncIterator[UnderLoad]:
    """Start a deployment of two processes a service, its people, and what loads it when it is asked to."""
    async with deployed() as deployment:
        sender, accepted = Sender(deployment.urls("ingest")), Accepted(deployment.data / "accepted.jsonl")
        people = People(deployment.urls("projections"), TOKEN, seed=seed)
        load = Load(sender, accepted, deployment.tokens, seed=seed, every=2.0, largest=_LARGEST_POST)
        people.start()
        try:
            yield UnderLoad(
                deployment=deployment,
                accepted=accepted,
                injector=Injector(deployment, reach=60.0),
                load=load,
                prober=Prober(sender, accepted, deployment.run.postgres_url),
            )
        finally:
            await load.abandon()
            await people.finish()
            await sender.close()
            await accepted.close()
