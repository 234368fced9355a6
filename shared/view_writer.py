"""What is written to one shard of a read model: each batch in a transaction that moves the position past it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from shared.contracts.cloudevents import UnknownTypeError
from shared.crash_points import crash_point
from shared.dead_letters import dead_letter, in_words, park
from shared.delivery import Delivered, Message, decode
from shared.event_store.errors import FencedError
from shared.event_store.recorder import DeadLetter, Lease
from shared.partition.understanding import UnknownOwnTypeError
from shared.stream_identity import Landmark
from shared.view import ViewShard, move_position, move_statement, schema_of

TRIES: Final = 3
_HELD: Final = (
    "SELECT FROM {} WHERE shard = %(lease)s AND owner = %(owner)s AND epoch = %(epoch)s "
    "AND expires_at > clock_timestamp() FOR UPDATE"
)

log = structlog.get_logger()


class ViewWriter:
    """Writes to one shard's tables while its lease is held.

    A batch that fails is taken message by message; one that fails ``TRIES`` times alone is parked in the transaction
    that moves the position past it. ``positions`` says by reader how far it has come.
    """

    def __init__(
        self, connection: psycopg.AsyncConnection[Any], service_schema: str, lease: Lease, shard: ViewShard
    ) -> None:
        self.positions: dict[str, int] = {}
        self._connection = connection
        self._service_schema = service_schema
        self._lease = lease
        self._shard = shard
        held = SQL(_HELD).format(Identifier(service_schema, "shards"))
        self._held, self._move = held.as_bytes(None), move_statement(held)
        self._owner = {"lease": lease.shard, "owner": lease.owner, "epoch": lease.epoch}

    async def open(self, positions: Mapping[str, int]) -> None:
        """Go on from ``positions``, on a connection that commits by itself and is the writer's alone from now on."""
        self.positions = dict(positions)
        await self._connection.execute(SQL("SET search_path TO {}").format(Identifier(schema_of(self._shard.view))))

    async def hold(self) -> None:
        """Hold the lease until the caller's transaction ends; raises FencedError when it is lost."""
        if (await self._connection.execute(self._held, self._owner)).rowcount != 1:
            raise FencedError(self._lease.shard)

    async def fold(self, reader: str, messages: Sequence[Message]) -> None:
        """Take ``messages``, the next that ``reader`` has read, into the tables.

        Raises FencedError when the lease is lost or another has moved the position, UnknownOwnTypeError,
        psycopg.OperationalError or psycopg.InterfaceError.
        """
        try:
            await self._store(reader, messages[-1], decoded(messages))
        except (FencedError, psycopg.OperationalError, psycopg.InterfaceError):
            raise
        except Exception as error:  # noqa: BLE001 -- one bad message must not stop the rest
            log.warning("view.batch_failed", shard=self._shard.name, error=in_words(error), messages=len(messages))
            for message in messages:
                await self._fold_one(reader, message)

    async def _fold_one(self, reader: str, message: Message) -> None:
        failure: Exception | None = None
        for _ in range(TRIES):
            try:
                await self._store(reader, message, decoded([message]))
            except (FencedError, UnknownOwnTypeError, psycopg.OperationalError, psycopg.InterfaceError):
                raise
            except Exception as error:  # noqa: BLE001 -- told below, and parked
                failure = error
            else:
                return
        log.error("message.parked", shard=self._shard.name, seq=message.seq, exc_info=failure)
        letter = dead_letter(message, failure, TRIES)
        await self._store(reader, message, [], parked=letter)

    async def _store(
        self, reader: str, last: Message, messages: Sequence[Delivered], parked: DeadLetter | None = None
    ) -> None:
        async with self._connection.transaction():
            moved = await move_position(
                self._connection,
                self._shard.name,
                reader,
                self.positions[reader],
                to=last.seq,
                last=Landmark(seq=last.seq, stored=last.stored),
                statement=self._move,
                values=self._owner,
            )
            if not moved:
                raise FencedError(self._lease.shard)
            if messages:
                await self._shard.view.fold(self._connection, messages)
            if parked is not None:
                await park(self._connection, self._service_schema, self._shard.name, parked)
            crash_point("view.before-commit")
        crash_point("view.after-commit")
        self.positions[reader] = last.seq


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
