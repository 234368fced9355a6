"""Where commands come in: FastStream subscribers on the subjects of the partitions that this process owns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

import msgspec
from faststream.nats import NatsBroker, NatsMessage

from shared.contracts.commands import COMMAND_TYPES, CommandReply, TouchCommand
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.nats_address import NatsAddress
from shared.partition.runner import PartitionRunner

_NO_TOUCH: Final = "none"
"""What stands for the touch in the answer to a command that names none."""


def command_broker(nats_url: str, name: str) -> NatsBroker:
    """Return the broker of a ``CommandDesk``: it hands bodies on as they came, so that a bad one gets an answer."""
    address = NatsAddress.of(nats_url)
    return NatsBroker(
        address.servers,
        inbox_prefix=address.inbox_prefix,
        name=name,
        max_reconnect_attempts=-1,
        ping_interval=5,
        max_outstanding_pings=2,
        decoder=_body,
        apply_types=False,
        logger=None,
    )


class CommandDesk:
    """Passes commands to the partition's loop and its answers back. Only the owner listens, so only the owner answers.

    A command that comes while the owner changes gets no answer: who sent it asks again with the same command id.
    """

    def __init__(self, broker: NatsBroker) -> None:
        self._broker = broker

    @asynccontextmanager
    async def beside(self, store: PartitionStore, runner: PartitionRunner, _lease: Lease) -> AsyncIterator[None]:
        """Take a partition's commands while it is owned."""
        async with AsyncExitStack() as stack:
            for verb in COMMAND_TYPES:
                subscriber = self._broker.subscriber(f"command.touch.{store.partition}.{verb}", persistent=False)
                subscriber(_handler(verb, runner))
                stack.push_async_callback(subscriber.stop)
                await subscriber.start()
            yield


async def _body(message: NatsMessage) -> bytes:
    return message.body


_decoders: Final = {verb: msgspec.json.Decoder(form) for verb, form in COMMAND_TYPES.items()}


def read_command(verb: str, body: bytes) -> TouchCommand | CommandReply:
    """Return the command in ``body``, or the answer to a body that holds none; raises nothing."""
    try:
        command = _decoders[verb].decode(body)
        # PostgreSQL may not take it as text, and its error would end the partition.
        if not command.touch.isprintable():
            raise msgspec.ValidationError("touch must hold printable characters only")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        detail = f"the body is no {verb} command: {error}. Nothing was changed."
        return CommandReply(touch=_NO_TOUCH, revision=0, position=0, refused="bad-command", detail=detail)
    return command


def _handler(verb: str, runner: PartitionRunner) -> Callable[[bytes], Awaitable[CommandReply]]:
    async def handle(body: bytes) -> CommandReply:
        command = read_command(verb, body)
        return command if isinstance(command, CommandReply) else await runner.submit(command)

    return handle
