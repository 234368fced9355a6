"""The delivery lines of one partition: one for each integrator that a policy of its organisations names."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from typing import Final

from nats.aio.client import Client

from services.notifier.deliveries.line import DeliveryLine
from services.notifier.deliveries.secrets import IntegratorSecrets
from services.notifier.outage import Outage
from services.notifier.policy_in_force import POLICY
from services.notifier.streams import organisation_of
from shared.bounded_wait import end, once_set
from shared.contracts.policy import Integrator
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.runner import PartitionRunner
from shared.postgres_liveness import lively_conninfo

_PAUSE_SECONDS: Final = 2.0

_Wanted = dict[tuple[str, Integrator], asyncio.Task[None]]


class DeliveryLines:
    """Keeps each integrator's line running by itself, so that one that is down or slow delays no other."""

    def __init__(self, client: Client, postgres_url: str, secrets: IntegratorSecrets, outage: Outage) -> None:
        self._client = client
        self._outage = outage
        self._conninfo = lively_conninfo(postgres_url)
        self._secrets = secrets

    @asynccontextmanager
    async def beside(self, store: PartitionStore, runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
        """Deliver to the partition's integrators while it is owned."""
        running: _Wanted = {}
        grown = runner.grown()
        keeper = asyncio.create_task(self._keep(store, lease, running, grown), name=f"integrators {lease.shard}")
        try:
            yield
        finally:
            await end(keeper)
            await end(*running.values())

    async def _keep(self, store: PartitionStore, lease: Lease, running: _Wanted, grown: asyncio.Event) -> None:
        """Start and stop lines as the policies say, which change as the log grows."""
        name = f"integrators {lease.shard}"

        async def look() -> None:
            async with once_set(grown):
                wanted = await asyncio.to_thread(_integrators, store)
            self._outage.over(name)
            for key in running.keys() - wanted:
                await end(running.pop(key))
            for organisation, integrator in wanted - running.keys():
                line = f"integrator {organisation} {integrator.name}"
                running[organisation, integrator] = asyncio.create_task(
                    self._line(line, lease, organisation, integrator), name=line
                )

        await self._outage.keep(name, look, "integrators.waiting", pause=_PAUSE_SECONDS, shard=lease.shard)

    async def _line(self, name: str, lease: Lease, organisation: str, integrator: Integrator) -> None:
        async def deliver() -> None:
            line = DeliveryLine(
                self._client, self._conninfo, self._secrets, lease, organisation=organisation, integrator=integrator
            )
            await line.run(opened=partial(self._outage.over, name))

        await self._outage.keep(
            name, deliver, "integrator.waiting", organisation=organisation, integrator=integrator.name
        )


def _integrators(store: PartitionStore) -> set[tuple[str, Integrator]]:
    """Return the integrators that the policies in force name, each with its organisation. Blocking."""
    states = store.load(store.streams_of(POLICY.category))
    return {
        (organisation_of(stream), integrator)
        for stream, one in states.items()
        if one.state.policy is not None
        for integrator in one.state.policy.integrators
    }
