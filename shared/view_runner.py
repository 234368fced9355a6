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
from shared.event_store.errors import MEND, StreamReplacedError
from shared.event_store.reader_names import read_before, stream_of
from shared.event_store.recorder import Lease
from shared.partition.understanding import UnknownOwnTypeError
from shared.postgres_liveness import lively_conninfo
from shared.stream_identity import reader_of
from shared.telemetry.work import processing
from shared.topology import DERIVED
from shared.view import ViewShard, landmarks_of, layout_in, layout_of, positions_of, schema_of
from shared.view_writer import ViewWriter

BATCH: Final = 1000
_TICK_SECONDS: Final = 1.0

log = structlog.get_logger()


class OtherLayoutError(Exception):
    """The view's tables are not as this build makes them: nothing is read before they are made anew."""


class ViewRunner:
    """Runs one shard of a read model while its lease is held."""

    def __init__(self, client: Client, postgres_url: str, service_schema: str, lease: Lease, shard: ViewShard) -> None:
        self._client = client
        self._url = postgres_url
        self._service_schema = service_schema
        self._lease = lease
        self._shard = shard
        self._schema = schema_of(shard.view)
        self._arrived = asyncio.Event()

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
        writer = ViewWriter(connection, self._service_schema, self._lease, self._shard)
        async with contextlib.AsyncExitStack() as stack:
            stored = await positions_of(connection, self._schema, self._shard.name)
            for reader in readers:
                await self._refuse_or_forget(connection, writer, stored, reader)
            await writer.open({reader: stored.get(reader, 0) for reader in readers})
            landmarks = await landmarks_of(connection, self._schema, self._shard.name)
            consumers = {
                reader: BatchConsumer(
                    self._client,
                    spec.stream,
                    spec.subjects,
                    writer.positions[reader],
                    self._arrived,
                    last=landmarks.get(reader),
                )
                for reader, spec in zip(readers, self._shard.inputs, strict=True)
            }
            for consumer in consumers.values():
                await consumer.open()
                stack.push_async_callback(consumer.close)
            await self._note_halted(connection, None)
            log.info("view.opened", shard=self._shard.name, positions=writer.positions)
            while True:
                await self._turn(writer, consumers)

    async def _turn(self, writer: ViewWriter, consumers: dict[str, BatchConsumer]) -> None:
        await wait_set(self._arrived, _TICK_SECONDS)
        self._arrived.clear()
        for reader, consumer in consumers.items():
            messages = consumer.take(BATCH)
            if messages:
                with processing(messages[0].stream, self._shard.view.name, [one.headers for one in messages]):
                    await writer.fold(reader, messages)

    async def _refuse_or_forget(
        self, connection: psycopg.AsyncConnection[Any], writer: ViewWriter, stored: dict[str, int], reader: str
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
            await writer.hold()
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
