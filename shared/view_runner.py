"""The owner of a read model's shard at work: from streams to tables, each batch with its position."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from typing import Any, Final

import psycopg
import structlog
from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from shared.batch_consumer import BatchConsumer
from shared.bounded_wait import wait_set
from shared.contracts.cloudevents import UnknownTypeError
from shared.crash_points import crash_point
from shared.dead_letters import dead_letter, in_words, park
from shared.delivery import Delivered, Message, decode
from shared.event_store.errors import MEND, FencedError, StreamReplacedError
from shared.event_store.reader_names import read_before, stream_of
from shared.event_store.recorder import DeadLetter, Lease
from shared.partition.understanding import UnknownOwnTypeError
from shared.postgres_liveness import lively_conninfo
from shared.stream_identity import Landmark, reader_of
from shared.topology import DERIVED
from shared.view import (
    ViewShard,
    landmarks_of,
    layout_in,
    layout_of,
    move_position,
    positions_of,
    schema_of,
    use_schema,
)

BATCH: Final = 500
TRIES: Final = 3
_TICK_SECONDS: Final = 1.0

log = structlog.get_logger()


class OtherLayoutError(Exception):
    """The view's tables are not as this build makes them: nothing is read before they are made anew."""


class ViewRunner:
    """Runs one shard of a read model while its lease is held.

    A batch that fails is taken message by message; one that fails ``TRIES`` times alone is parked in the transaction
    that moves the position past it.
    """

    def __init__(self, client: Client, postgres_url: str, service_schema: str, lease: Lease, shard: ViewShard) -> None:
        self._client = client
        self._url = postgres_url
        self._service_schema = service_schema
        self._lease = lease
        self._shard = shard
        self._schema = schema_of(shard.view)
        self._arrived = asyncio.Event()
        self._positions: dict[str, int] = {}

    async def run(self) -> None:
        """Work until cancelled; raises FencedError, StreamReplacedError or psycopg.OperationalError."""
        readers = [await reader_of(self._client, spec.stream) for spec in self._shard.inputs]
        async with await psycopg.AsyncConnection.connect(lively_conninfo(self._url), autocommit=True) as connection:
            try:
                await self._read(connection, readers)
            except (StreamReplacedError, UnknownOwnTypeError, OtherLayoutError) as halt:
                await self._note_halted(connection, str(halt))
                if isinstance(halt, StreamReplacedError):
                    raise
                log.critical("view.halted", shard=self._shard.name, detail=str(halt))
                await asyncio.Event().wait()

    async def _read(self, connection: psycopg.AsyncConnection[Any], readers: Sequence[str]) -> None:
        if await layout_in(connection, self._schema) != layout_of(self._shard.view):
            raise OtherLayoutError(
                f"The tables in {self._schema} are those of another version. Stop services of the other version, then "
                "run: warmline provision"
            )
        async with contextlib.AsyncExitStack() as stack:
            stored = await positions_of(connection, self._schema, self._shard.name)
            for reader in readers:
                await self._refuse_or_forget(connection, stored, reader)
            self._positions = {reader: stored.get(reader, 0) for reader in readers}
            landmarks = await landmarks_of(connection, self._schema, self._shard.name)
            consumers = {
                reader: BatchConsumer(
                    self._client,
                    spec.stream,
                    spec.subjects,
                    self._positions[reader],
                    self._arrived,
                    last=landmarks.get(reader),
                )
                for reader, spec in zip(readers, self._shard.inputs, strict=True)
            }
            for consumer in consumers.values():
                await consumer.open()
                stack.push_async_callback(consumer.close)
            await self._note_halted(connection, None)
            log.info("view.opened", shard=self._shard.name, positions=self._positions)
            while True:
                await self._turn(connection, consumers)

    async def _turn(self, connection: psycopg.AsyncConnection[Any], consumers: dict[str, BatchConsumer]) -> None:
        await wait_set(self._arrived, _TICK_SECONDS)
        self._arrived.clear()
        for reader, consumer in consumers.items():
            messages = consumer.take(BATCH)
            if messages:
                await self._fold(connection, reader, messages)

    async def _fold(self, connection: psycopg.AsyncConnection[Any], reader: str, messages: Sequence[Message]) -> None:
        try:
            await self._store(connection, reader, messages[-1], decoded(messages))
        except (FencedError, psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- one bad message must not stop the rest
            log.warning("view.batch_failed", shard=self._shard.name, error=in_words(error), messages=len(messages))
            for message in messages:
                await self._fold_one(connection, reader, message)

    async def _fold_one(self, connection: psycopg.AsyncConnection[Any], reader: str, message: Message) -> None:
        failure: Exception | None = None
        for _ in range(TRIES):
            try:
                await self._store(connection, reader, message, decoded([message]))
            except (FencedError, UnknownOwnTypeError, psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 -- told below, and parked
                failure = error
            else:
                return
        log.error("message.parked", shard=self._shard.name, seq=message.seq, exc_info=failure)
        letter = dead_letter(message, failure, TRIES)
        await self._store(connection, reader, message, [], parked=letter)

    async def _store(
        self,
        connection: psycopg.AsyncConnection[Any],
        reader: str,
        last: Message,
        messages: Sequence[Delivered],
        parked: DeadLetter | None = None,
    ) -> None:
        async with connection.transaction():
            await self._fence(connection)
            await connection.execute(use_schema(self._schema))
            expected, landmark = self._positions[reader], Landmark(seq=last.seq, stored=last.stored)
            if not await move_position(connection, self._shard.name, reader, expected, to=last.seq, last=landmark):
                raise FencedError(self._shard.name)
            if messages:
                await self._shard.view.fold(connection, messages)
            if parked is not None:
                await park(connection, self._service_schema, self._shard.name, parked)
            crash_point("view.before-commit")
        crash_point("view.after-commit")
        self._positions[reader] = last.seq

    async def _fence(self, connection: psycopg.AsyncConnection[Any]) -> None:
        cursor = await connection.execute(
            SQL(
                "SELECT FROM {} WHERE shard = %s AND owner = %s AND epoch = %s AND expires_at > clock_timestamp() "
                "FOR UPDATE"
            ).format(Identifier(self._service_schema, "shards")),
            (self._lease.shard, self._lease.owner, self._lease.epoch),
        )
        if cursor.rowcount != 1:
            raise FencedError(self._lease.shard)

    async def _refuse_or_forget(
        self, connection: psycopg.AsyncConnection[Any], stored: dict[str, int], reader: str
    ) -> None:
        """Raise StreamReplacedError when a position was kept for another stream of the name; begin a derived one."""
        other = read_before(reader, stored)
        if other is None:
            return
        if stream_of(reader) not in DERIVED:
            raise StreamReplacedError(
                f"This view read {other} up to {stored[other]}, but the server has {reader}: the stream was deleted or "
                f"restored from elsewhere. {MEND}"
            )
        log.warning("stream.made_anew", shard=self._shard.name, before=other, now=reader)
        async with connection.transaction():
            await self._fence(connection)
            await connection.execute(
                SQL("DELETE FROM {} WHERE shard = %s AND reader = %s").format(Identifier(self._schema, "positions")),
                (self._shard.name, other),
            )
            await connection.execute(
                SQL("DELETE FROM {} WHERE shard = %s AND stream = %s").format(
                    Identifier(self._service_schema, "dead_letters")
                ),
                (self._shard.name, stream_of(reader)),
            )

    async def _note_halted(self, connection: psycopg.AsyncConnection[Any], why: str | None) -> None:
        await connection.execute(
            SQL("UPDATE {} SET halted = %s WHERE shard = %s AND epoch = %s").format(
                Identifier(self._service_schema, "shards")
            ),
            (why, self._lease.shard, self._lease.epoch),
        )


def decoded(messages: Sequence[Message]) -> list[Delivered]:
    """Return ``messages`` with their events, foreign ones left out.

    Raises UnknownOwnTypeError for a type of ours that this build does not know, msgspec.DecodeError for no event.
    """
    result = []
    for message in messages:
        try:
            result.append(decode(message))
        except UnknownTypeError as error:
            if error.ours:
                raise UnknownOwnTypeError(message, error.event_type) from error
            log.info("message.foreign", stream=message.stream, seq=message.seq, type=error.event_type)
    return result
