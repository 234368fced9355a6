"""Publishing what a log holds beyond its stream, as its owner's relay would."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

from nats.aio.client import Client

from infra.operator_error import OperatorError
from infra.outlets import OUTLETS
from infra.progress import Progress
from shared.bounded_wait import end
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.publisher import DurablePublisher
from shared.relay import Relay
from shared.skew import refuse_skewed_outlet
from shared.stream_identity import reader_of

_LOOK_SECONDS: Final = 0.2
_STANDSTILL_SECONDS: Final = 60.0


async def publish_rest(client: Client, service: str, store: PartitionStore, lease: Lease, progress: Progress) -> None:
    """Publish until the stream holds all of the log; raises OperatorError when that does not go on."""
    outlet = OUTLETS[service]
    progress.step(f"{service}, partition {store.partition}: publishing what was not")
    await refuse_skewed_outlet(client, store, lease, stream=outlet.stream, subject=outlet.subject)
    relay = Relay(
        client,
        DurablePublisher(client, outlet.stream, once=True),
        store,
        lease,
        stream=outlet.stream,
        subject=outlet.subject,
        public=outlet.public,
        identity=partial(reader_of, client, outlet.stream),
    )

    async def relayed() -> bool:
        return await store.aside(store.relayed, lease) >= await store.aside(store.head)

    await run_until(relay.run, relayed, partial(stand_of, store, lease), f"publishing partition {store.partition}")


async def stand_of(store: PartitionStore, lease: Lease) -> object:
    """Return what changes while a partition is worked on."""
    stood = await store.aside(store.positions, lease)
    return stood.commits, await store.aside(store.relayed, lease)


async def run_until(
    work: Callable[[], Coroutine[Any, Any, None]],
    done: Callable[[], Awaitable[bool]],
    stand: Callable[[], Awaitable[object]],
    what: str,
) -> None:
    """Run ``work`` until ``done`` says so; raises OperatorError when it ends by itself or stands still."""
    clock = asyncio.get_running_loop().time
    task = asyncio.create_task(work())
    moved, stood = clock(), await stand()
    try:
        while not await done():
            await asyncio.wait({task}, timeout=_LOOK_SECONDS)
            if task.done():
                raise OperatorError(f"{what.capitalize()} failed: {task.exception()}") from task.exception()
            now = await stand()
            if now != stood:
                moved, stood = clock(), now
            elif clock() - moved > _STANDSTILL_SECONDS:
                raise OperatorError(f"{what.capitalize()} stands still. See: warmline status")
    finally:
        await end(task)
