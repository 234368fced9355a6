"""The relay: publishes a partition's public events in the order of its log, each once."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol

import nats.errors
import structlog
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import ServiceUnavailableError

from shared.bounded_wait import wait_set
from shared.contracts.cloudevents import Publication
from shared.crash_points import crash_point
from shared.dead_letters import PUBLISHED
from shared.event_store.codec import RecordedEvent
from shared.event_store.errors import MEND, SkewError, StreamReplacedError
from shared.event_store.interface import Store
from shared.event_store.recorder import Lease
from shared.publisher import Outgoing, PublishUnavailableError, PubResult, StreamFullError
from shared.stream_identity import last_sequence
from shared.telemetry.work import publishing

BATCH: Final = 500
_RETRY_SECONDS: Final = 1.0
_LOOK_SECONDS: Final = 5.0
_NOTE_SECONDS: Final = 1.0
"""A note is one more transaction, and a lower bound: once a second is enough."""
_MANY: Final = 50
_GATHER_SECONDS: Final = 1.0
"""A publication has its price, however small: the server makes a store of its own for each atomic batch. Where as many
as ``_MANY`` were published at a time, what follows is let to gather, until a moment that is the same for all partitions
of the process: what they publish then shares batches."""
_UNHEARD_SECONDS: Final = 5.0
_AGAIN_SECONDS: Final = 0.02

log = structlog.get_logger()

Publish = Callable[[RecordedEvent], Publication]


class StoreBehindError(SkewError):
    """The stream holds events that the store has never recorded: it was restored from an earlier moment."""


class StaleReplicaError(nats.errors.Error):
    """The server that was asked lags behind the stream's leader: ask again."""


class Publisher(Protocol):
    """What publishes durably and in order; ``DurablePublisher`` says what it raises."""

    async def publish(self, messages: Sequence[Outgoing]) -> Sequence[object]: ...  # noqa: D102


async def published_position(client: Client, stream: str, subject: str, partition: int) -> int:
    """Return the log position of the last message that ``partition`` published to ``stream``, 0 when there is none.

    The partition's last message is the last one of its subject, so the last message of every subject is enough to
    see. Raises nats.errors.Error when the server does not answer, or answers from a replica that lags: what it lacks
    would be published again.
    """
    js = client.jetstream()
    end = await last_sequence(client, stream, subject)
    config = ConsumerConfig(
        ack_policy=AckPolicy.NONE,
        deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
        filter_subject=subject,
        headers_only=True,
        inactive_threshold=30,
        mem_storage=True,
        num_replicas=1,
    )
    info = await js.add_consumer(stream, config)
    left = info.num_pending or 0
    last, seen = 0, 0
    subscription = await js.pull_subscribe_bind(consumer=info.name, stream=stream)
    try:
        while left > 0:
            for message in await _pulled(subscription, min(left, 500)):
                left -= 1
                seen = max(seen, message.metadata.sequence.stream)
                headers = message.headers or {}
                if headers.get("ce-partition") == str(partition):
                    last = max(last, int(headers.get("ce-position", "0")), int(headers.get(PUBLISHED, "0")))
    finally:
        with contextlib.suppress(nats.errors.Error):
            await subscription.unsubscribe()
            await js.delete_consumer(stream, info.name)
    if seen < end:
        raise StaleReplicaError(f"a replica of {stream} ends at {seen}, and its leader at {end}")
    return last


async def _pulled(subscription: JetStreamContext.PullSubscription, most: int) -> list[Msg]:
    """Return what the consumer has.

    In a cluster it may live on another server than the one asked, which hears of it a little after we do.
    """
    clock = asyncio.get_running_loop().time
    until = clock() + _UNHEARD_SECONDS
    while True:
        try:
            return await subscription.fetch(most, timeout=10)
        except TimeoutError as error:
            raise nats.errors.TimeoutError from error
        except ServiceUnavailableError:
            if clock() > until:
                raise
            await asyncio.sleep(_AGAIN_SECONDS)


class Relay:
    """Publishes one partition's log to one stream. The store is the outbox; the stream is the cursor.

    Each message carries its partition and log position as ``ce-partition`` and ``ce-position``, so that a new owner
    finds in the stream itself how far its predecessor came. The position is also kept in the store, as a lower bound
    for when retention has emptied the stream. ``identity`` gives the name of the outlet as it stands, to notice that it
    was made anew.
    """

    def __init__(
        self,
        client: Client,
        publisher: Publisher,
        store: Store,
        lease: Lease,
        *,
        stream: str,
        subject: str,
        public: Mapping[type[Any], Publish],
        published: Callable[[Client, str, str, int], Awaitable[int]] = published_position,
        identity: Callable[[], Awaitable[str]] | None = None,
    ) -> None:
        self._client = client
        self._publisher = publisher
        self._store = store
        self._lease = lease
        self._stream = stream
        self._subject = subject
        self._public = public
        self._published = published
        self._identity = identity
        self._looked = 0.0
        self._seq = 0
        self._noted, self._noted_at = 0, -math.inf
        names = store.codec.names
        self._topics = [names[form] for form in public]
        self._head = 0
        self._crowded = False
        self._wake = asyncio.Event()

    def wake(self, head: int) -> None:
        """Say that the log has grown, and ends at ``head``."""
        self._head = head
        self._wake.set()

    async def run(self) -> None:
        """Publish until cancelled, starting after what the stream holds or the store remembers, whichever is further.

        Raises StoreBehindError when that is more than the store has, StreamReplacedError when the outlet is not the
        stream that the store has noted, FencedError when the partition has another owner, and UnknownStoredTypeError
        before an event of which this build would publish less than a newer one has stored.
        """
        cursor: int | None = None
        while True:
            try:
                if cursor is None:
                    await self._refuse_another()
                    published = await self._published(self._client, self._stream, self._subject, self._store.partition)
                    cursor = max(published, await self._store.aside(self._store.relayed, self._lease))
                    self._head = max(self._head, await self._store.aside(self._store.head))
                    if cursor > self._head:
                        raise StoreBehindError(
                            f"{self._stream} holds the position {cursor} of the partition {self._lease.shard}, but its "
                            f"log ends at {self._head}: the database is of an earlier moment than the streams. {MEND}"
                        )
                    # Also when nothing follows: else it looks as if what is published waited for that.
                    await self._store.aside(self._store.note_relayed, self._lease, cursor, self._seq)
                    self._noted = cursor
                    log.info("relay.started", shard=self._lease.shard, stream=self._stream, after=cursor)
                elif time.monotonic() - self._looked > _LOOK_SECONDS:
                    await self._refuse_another()
                cursor = await self._drain(cursor)
                await self._note_position(cursor)
            except (PublishUnavailableError, StreamFullError, PersistenceError, nats.errors.Error) as error:
                log.warning("relay.waiting", shard=self._lease.shard, error=str(error) or type(error).__name__)
                cursor = None  # what was in flight may be stored: ask the stream again
                await asyncio.sleep(_RETRY_SECONDS)
                continue
            await wait_set(self._wake, _RETRY_SECONDS)
            if self._crowded:
                await asyncio.sleep(_GATHER_SECONDS - asyncio.get_running_loop().time() % _GATHER_SECONDS)
            self._wake.clear()

    async def _drain(self, cursor: int) -> int:
        published = 0
        while (head := self._head) > cursor:
            notifications = await self._store.aside(self._store.events_after, cursor, limit=BATCH, topics=self._topics)
            if notifications:
                outgoing = []
                for notification in notifications:
                    recorded = self._store.codec.whole_event(notification)
                    outgoing.append(self._outgoing(self._public[type(recorded.event)](recorded), notification.id))
                # Who slept, and was replaced meanwhile, would publish again what its successor has published.
                await self._refuse_another()
                with publishing(self._stream, [one.headers for one in outgoing]):
                    self._see(await self._publisher.publish(outgoing))
                published += len(outgoing)
            last = notifications[-1].id if notifications else 0
            cursor = last if len(notifications) == BATCH else max(head, last)
            await self._note_position(cursor)
        self._crowded = published >= _MANY
        return cursor

    async def _note_position(self, cursor: int) -> None:
        """Note how far the relay has come, unless it did just now: it comes by again within a second."""
        now = asyncio.get_running_loop().time()
        if cursor <= self._noted or now - self._noted_at < _NOTE_SECONDS:
            return
        crash_point("relay.before-noting")
        await self._store.aside(self._store.note_relayed, self._lease, cursor, self._seq)
        self._noted, self._noted_at = cursor, now

    async def _refuse_another(self) -> None:
        """Raise FencedError under another owner, and StreamReplacedError when the outlet is another stream."""
        now = await self._identity() if self._identity is not None else None
        noted = await self._store.aside(self._store.confirm, self._lease)
        if now is not None and now != noted.reader:
            raise StreamReplacedError(f"The log was published to {noted.reader}, but now the server has {now}. {MEND}")
        self._looked = time.monotonic()

    def _see(self, results: Sequence[object]) -> None:
        for result in results:
            if isinstance(result, PubResult):
                if not result.duplicate and result.seq <= self._seq:
                    raise StreamReplacedError(f"{self._stream} was made anew while it was written. {MEND}")
                self._seq = max(self._seq, result.seq)

    def _outgoing(self, publication: Publication, position: int) -> Outgoing:
        headers = {
            **publication.headers,
            "ce-partition": str(self._store.partition),
            "ce-position": str(position),
        }
        return Outgoing(
            subject=publication.subject, headers=headers, body=publication.body, msg_id=publication.headers["ce-id"]
        )
