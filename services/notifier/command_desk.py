"""Where commands come in: FastStream subscribers on the subjects of the partitions that this process owns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

from faststream.nats import NatsBroker

from shared.contracts.commands import COMMAND_TYPES, CommandReply, TouchCommand
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.runner import PartitionRunner


class CommandDesk:
    """Passes commands to the partition's loop and its answers back. Only the owner listens, so only the owner answers."""

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker

    @asynccontextmanager
    async def beside(self, store: PartitionStore, runner: PartitionRunner, _lease: Lease) -> AsyncIterator[None]:
        """Take a partition's commands while it is owned."""
        async with AsyncExitStack() as stack:
            for verb, form in COMMAND_TYPES.items():
                subscriber = self._broker.subscriber(f"command.touch.{store.partition}.{verb}", persistent=False)
                subscriber(_handler(form, runner))
                await subscriber.start()
                stack.push_async_callback(subscriber.stop)
            yield


def _handler(form: type[TouchCommand], runner: PartitionRunner):  # type: ignore[no-untyped-def]  # noqa: ANN202
    async def handle(command: TouchCommand) -> CommandReply:
        return await runner.submit(command)

    # FastStream reads the body's form from the annotation.
    handle.__annotations__ = {"command": form, "return": CommandReply}
    return handle
