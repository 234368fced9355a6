"""Feedback: a touch that was settled enters MEMBER_EVENTS, the one stream from which triage learns."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final, TypeVar

import structlog
from nats.aio.client import Client

from services.ingest.database import Database, DatabaseUnavailableError
from services.ingest.message import fact_message
from services.ingest.policy_skew import PolicySkew
from shared.batch_consumer import BatchConsumer
from shared.bounded_wait import wait_set
from shared.contracts.subjects import TOUCH_FACTS
from shared.contracts.touch_facts import TouchSettled
from shared.contracts.warmline_facts import TouchSettled as TouchSettledFact
from shared.crash_points import crash_point
from shared.dead_letters import dead_letter, park
from shared.delivery import Message
from shared.event_store.errors import SkewError
from shared.event_store.recorder import DeadLetter, Lease
from shared.partition.understanding import UnknownOwnTypeError
from shared.publisher import DurablePublisher, Outgoing, PublishUnavailableError, StreamFullError
from shared.stream_identity import reader_of
from shared.view_writer import decoded

FEEDBACK_SHARD: Final = "feedback"
_SCHEMA: Final = "ingest"
_BATCH: Final = 200
_TICK_SECONDS: Final = 1.0
_RETRY_SECONDS: Final = 1.0
T = TypeVar("T")

log = structlog.get_logger()


class Feedback:
    """Reads settled touches and publishes each as a fact of its community.

    The fact is published, then the position moves: a crash in between publishes it again under the same id, which the
    stream's window or triage's inbox absorbs. What cannot be read is parked in the transaction that moves past it.
    """

    def __init__(
        self, client: Client, database: Database, publisher: DurablePublisher, skew: PolicySkew, partitions: int
    ) -> None:
        self._client = client
        self._skew = skew
        self._database = database
        self._publisher = publisher
        self._partitions = partitions

    async def run(self, lease: Lease) -> None:
        """Work until cancelled; raises FencedError when the shard has another owner, and SkewError.

        A type of ours that this build does not know halts it: it keeps its lease, and waits to be replaced by a newer
        build.
        """
        reader = await reader_of(self._client, TOUCH_FACTS)
        position = await self._insist(partial(self._position, reader))
        arrived = asyncio.Event()
        consumer = BatchConsumer(self._client, TOUCH_FACTS, ("touch.*.settled",), position, arrived)
        try:
            await self._insist(self._skew.refuse)
            await consumer.open()
            await self._note_halted(lease, None)
            while True:
                await wait_set(arrived, _TICK_SECONDS)
                arrived.clear()
                messages = consumer.take(_BATCH)
                if messages:
                    await self._take_back(lease, reader, messages)
        except SkewError as skew:
            await self._note_halted(lease, str(skew))
            raise
        except UnknownOwnTypeError as halt:
            log.critical("feedback_halted", detail=str(halt))
            await self._note_halted(lease, str(halt))
            await asyncio.Event().wait()
        finally:
            await consumer.close()

    async def _insist(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do ``work`` until PostgreSQL and NATS are there for it."""
        while True:
            try:
                return await work()
            except DatabaseUnavailableError:  # which tells of itself
                pass
            except (PublishUnavailableError, StreamFullError) as error:
                log.warning("feedback_waiting", error=str(error))
            await asyncio.sleep(_RETRY_SECONDS)

    async def _take_back(self, lease: Lease, reader: str, messages: Sequence[Message]) -> None:
        """Publish what ``messages`` hold and move past them; UnknownOwnTypeError leaves all before it published."""
        facts: list[Outgoing] = []
        letters: list[DeadLetter] = []
        position, halt = 0, None
        for message in messages:
            try:
                facts += self._facts(message)
            except UnknownOwnTypeError as error:
                halt = error
                break
            except Exception as error:  # one bad message must not stop the rest
                log.exception("message.parked", shard=lease.shard, seq=message.seq)
                letters.append(dead_letter(message, error, tries=1))
            position = message.seq
        if position:
            await self._insist(partial(self._publisher.publish, facts))
            crash_point("feedback.before-position")
            await self._insist(partial(self._move, lease, reader, position, letters))
        if halt is not None:
            raise halt

    def _facts(self, message: Message) -> list[Outgoing]:
        facts = []
        for one in decoded([message]):
            settled = one.event
            if isinstance(settled, TouchSettled):
                facts.append(settled_message(settled, self._partitions))
        return facts

    async def _position(self, reader: str) -> int:
        async with self._database.transaction() as connection:
            # A stream that was made anew is read from its beginning: what comes again is absorbed by its id.
            await connection.execute(
                "WITH gone AS (DELETE FROM ingest.feedback_positions WHERE reader <> %s RETURNING 1) "
                "DELETE FROM ingest.dead_letters WHERE shard = %s AND stream = %s AND EXISTS (SELECT FROM gone)",
                [reader, FEEDBACK_SHARD, TOUCH_FACTS],
            )
            cursor = await connection.execute(
                "SELECT position FROM ingest.feedback_positions WHERE reader = %s", [reader]
            )
            row = await cursor.fetchone()
        return int(row["position"]) if row else 0

    async def _note_halted(self, lease: Lease, why: str | None) -> None:
        async with self._database.transaction() as connection:
            await connection.execute(
                "UPDATE ingest.shards SET halted = %s WHERE shard = %s AND epoch = %s", [why, lease.shard, lease.epoch]
            )

    async def _move(self, lease: Lease, reader: str, position: int, letters: Sequence[DeadLetter]) -> None:
        async with self._database.transaction_under(lease) as connection:
            await connection.execute(
                "INSERT INTO ingest.feedback_positions VALUES (%s, %s) "
                "ON CONFLICT (reader) DO UPDATE SET position = excluded.position",
                [reader, position],
            )
            for letter in letters:
                await park(connection, _SCHEMA, lease.shard, letter)


def settled_message(settled: TouchSettled, partitions: int) -> Outgoing:
    """Return the message by which a settled touch comes back into MEMBER_EVENTS."""
    fact = TouchSettledFact(
        community=settled.community,
        touch=settled.touch,
        about=settled.about,
        outcome=settled.outcome,
        need_revision=settled.need_revision,
    )
    return fact_message(
        fact,
        organisation=settled.organisation,
        event_id=f"settled:{settled.touch}",
        time=settled.at,
        partitions=partitions,
    )
