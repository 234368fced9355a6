"""Reading a stretch of a stream from one end to the other, as the services read it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from typing import Final

import nats.errors
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from infra.operator_error import OperatorError
from shared.batch_consumer import PULL, BatchConsumer
from shared.bounded_wait import wait_set
from shared.delivery import Message

_LOOK_SECONDS: Final = 0.1
_SILENCE_SECONDS: Final = 30.0


async def read_stream(
    client: Client, stream: str, subjects: Sequence[str], *, after: int, until: int
) -> AsyncGenerator[list[Message], None]:
    """Yield, in order and in batches, the messages of ``subjects`` with sequences in (``after``, ``until``].

    Close the iterator when it is left early (``contextlib.aclosing``). Raises OperatorError when the server falls
    silent, nats.js.errors.NotFoundError when there is no such stream, and
    shared.event_store.errors.StreamReplacedError when the stream ends before ``after``.
    """
    if until <= after:
        return
    arrived = asyncio.Event()
    consumer = BatchConsumer(client, stream, subjects, after, arrived)
    clock = asyncio.get_running_loop().time
    await _open(consumer)
    heard = clock()
    try:
        while True:
            await wait_set(arrived, _LOOK_SECONDS)
            arrived.clear()
            messages = consumer.take(PULL)
            if messages:
                heard = clock()
                wanted = [message for message in messages if message.seq <= until]
                if wanted:
                    yield wanted
                if messages[-1].seq >= until:
                    return
            elif await consumer.idle_since() is not None:
                return
            elif clock() - heard > _SILENCE_SECONDS:
                raise OperatorError(
                    f"NATS has not delivered from {stream} for {_SILENCE_SECONDS:.0f} s. See: warmline status"
                )
    finally:
        await consumer.close()


async def _open(consumer: BatchConsumer) -> None:
    """Open ``consumer``; a cluster that has no leader just now does not answer, or says that it cannot."""
    clock = asyncio.get_running_loop().time
    until = clock() + _SILENCE_SECONDS
    while True:
        try:
            return await consumer.open()
        except NotFoundError:
            raise
        except nats.errors.Error as error:
            if clock() > until:
                raise OperatorError(
                    f"NATS has not answered about {consumer.stream} for {_SILENCE_SECONDS:.0f} s. See: warmline status"
                ) from error
            await asyncio.sleep(_LOOK_SECONDS)
