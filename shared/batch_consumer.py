"""One reader of one stream: overlapping pulls without acknowledgements, from a position that PostgreSQL holds."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from shared import pull_consumer
from shared.bounded_wait import end, wait_set
from shared.delivery import Message
from shared.event_store.errors import MEND, StreamReplacedError
from shared.gathering import Gathering
from shared.nats_client import take_deliveries
from shared.nats_deliveries import Delivery, place_of
from shared.nats_headers import Headers
from shared.pull_consumer import ANSWER_SECONDS, HEARTBEAT_SECONDS
from shared.stand_ins import StandIns, redacted_among
from shared.stream_identity import Landmark, last_sequence, look_at, next_sequence, refuse_cut_back

PULL: Final = 500
_TICK_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 5.0
_SETTLED: Final = timedelta(seconds=2)
SETTLED_IN_CLUSTER: Final = timedelta(seconds=25)
"""A leader that is cut off from the others may take itself for the leader for 20 s: nats-server looks every 10 s
whether it has heard of a majority within 10 s. Meanwhile, another takes messages."""

log = structlog.get_logger()


class BatchConsumer:
    """Delivers a stream's messages in order, each once, from the position after ``start``.

    The consumer on the server is ours alone, keeps nothing and acknowledges nothing, so a takeover can neither skip
    nor reorder. When the server falls silent, the connection was lost or a delivery is missing, it is opened again
    after the last message received, unless another stands there by now; ``last`` is the one that was received before
    ``start``, where it is known. A redacted message is delivered in its place, as the copy that stands for it. Idle it
    tells of a message as it comes; under load two pulls of ``PULL`` messages overlap, and it tells of what gathered.
    """

    def __init__(
        self,
        client: Client,
        stream: str,
        subjects: Sequence[str],
        start: int,
        arrived: asyncio.Event,
        *,
        last: Landmark | None = None,
    ) -> None:
        self.stream = stream
        self._client = client
        self._subjects = list(subjects)
        self._arrived = arrived
        self._reader = ""
        self._replicas = 1
        self._received = start
        self._last = last
        self._delivered = 0
        self._waiting: deque[Message] = deque()
        self._stand_ins = StandIns()
        self._gathering = Gathering(arrived, enough=2 * PULL)
        self._asked = 0
        self._name = ""
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._heard = time.monotonic()
        self._connection = 0
        self._broken = False
        self._attend = asyncio.Event()
        self._replaced: StreamReplacedError | None = None
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start delivering.

        Raises nats.js.errors.NotFoundError when the stream does not exist, and StreamReplacedError when it ends before
        the start, or holds another message where ``last`` stood.
        """
        seen = await look_at(self._client, self.stream)
        await refuse_cut_back(self._client, seen, self.stream, self._received, self._last)
        self._reader, self._replicas = seen.reader, seen.replicas
        self._stand_ins = StandIns(await self._copies(), after=self._received)
        await self._subscribe()
        self._keeper = asyncio.create_task(self._keep_alive(), name=f"keep {self.stream} alive")

    async def _copies(self) -> list[Message]:
        """Return the copies after the start that stand for redacted messages."""
        subjects = redacted_among(self.stream, self._subjects)
        return [one for subject in subjects for one in await self._copies_of(subject)]

    async def _copies_of(self, subject: str) -> list[Message]:
        last = await last_sequence(self._client, self.stream, subject)
        reached, found, arrived = self._received, list[Message](), asyncio.Event()
        if last <= reached:
            return found
        copies = BatchConsumer(self._client, self.stream, [subject], reached, arrived)
        await copies.open()
        try:
            while reached < last:
                await wait_set(arrived, HEARTBEAT_SECONDS)
                came = arrived.is_set()
                arrived.clear()
                found += copies.take(PULL)
                reached = found[-1].seq if found else reached
                if not came:  # the last may have been removed before it came
                    last = min(last, await last_sequence(self._client, self.stream, subject))
        finally:
            await copies.close()
        return found

    async def close(self) -> None:
        """Stop, and remove the consumer from the server."""
        if self._keeper is not None:
            await end(self._keeper)
        await self._unsubscribe()
        self._gathering.stop()

    def take(self, most: int) -> list[Message]:
        """Return the messages that have arrived, in order, at most ``most`` of them, without waiting.

        Raises StreamReplacedError when another stream stands under the name by now.
        """
        if self._replaced is not None:
            raise self._replaced
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if taken:
            self._gathering.taken(len(taken))
        if self._waiting:
            self._arrived.set()
        if self._has_room():
            self._attend.set()
        return taken

    async def idle_since(self) -> datetime | None:
        """Return a moment of the server's clock before which everything stored has been taken; None when unsure."""
        if self._waiting or self._broken or not self._name:
            return None
        received, delivered = self._received, self._delivered
        seen = await pull_consumer.look_at(self._client, self.stream, self._name)
        if seen is None or seen.pending or self._received > received or seen.delivered > delivered:
            return None
        if self._replicas > 1:
            # The consumer lives on one replica, which may lag behind the leader.
            return None if await self._leader_has_more(received) else seen.moment - SETTLED_IN_CLUSTER
        # A message gets its time before it is written and replicated, and is seen only after.
        return seen.moment - _SETTLED

    async def _leader_has_more(self, after: int) -> bool:
        """Tell whether the stream's leader holds more for us than ``after``, or does not say."""
        try:
            following = [await next_sequence(self._client, self.stream, subject, after) for subject in self._subjects]
        except nats.errors.Error:
            return True
        return any(following)

    async def _subscribe(self) -> None:
        self._connection = self._client.stats["reconnects"]
        self._name = await pull_consumer.create(self._client, self.stream, self._subjects, self._received)
        self._inbox = self._client.new_inbox()
        self._asked = 0
        self._delivered = 0
        self._broken = False
        self._subscription = await self._client.subscribe(self._inbox, cb=self._on_status)
        take_deliveries(self._client, self._subscription, self._on_deliveries)
        self._heard = time.monotonic()
        await self._pull()
        await self._pull()

    async def _unsubscribe(self) -> None:
        subscription, name = self._subscription, self._name
        self._subscription, self._name, self._inbox = None, "", ""
        with contextlib.suppress(nats.errors.Error, TimeoutError):
            if subscription is not None:
                await subscription.unsubscribe()
            if name and self._client.is_connected:
                await pull_consumer.delete(self._client, self.stream, name)

    def _has_room(self) -> bool:
        return self._asked <= PULL and len(self._waiting) < 4 * PULL

    def _break(self) -> None:
        self._broken = True
        self._attend.set()

    async def _pull(self) -> None:
        if self._asked <= 0:
            self._heard = time.monotonic()  # from here on the server owes signs of life again
        self._asked += PULL
        await pull_consumer.pull(self._client, self.stream, self._name, PULL, self._inbox)

    def _on_deliveries(self, deliveries: Sequence[Delivery]) -> None:
        before = self._delivered
        for delivery in deliveries:
            consumer, seq, number, stored = place_of(delivery.reply)
            if consumer != self._name or self._broken:
                continue  # left over from a consumer that was given up
            if number != self._delivered + 1:
                self._break()
                break
            self._delivered, self._received = number, seq
            if self._stand_ins:
                self._waiting.extend(self._stand_ins.before(seq))
            self._waiting.append(
                Message(
                    stream=self.stream,
                    seq=seq,
                    stored=stored,
                    subject=delivery.subject.decode("utf-8", "replace"),
                    headers=Headers(delivery.head) if delivery.head else None,
                    body=delivery.body,
                )
            )
        came = self._delivered - before
        if came:
            newest = self._waiting[-1]
            self._last = Landmark(seq=newest.seq, stored=newest.stored)
            self._heard = time.monotonic()
            self._asked -= came
            self._gathering.came(came, len(self._waiting), self._heard)
            if self._has_room():
                self._attend.set()

    async def _on_status(self, message: Msg) -> None:
        if message.subject != self._inbox:
            return
        self._heard = time.monotonic()
        headers = message.headers or {}
        status = headers.get("Status", "")
        gone = status == "409" and "Deleted" in headers.get("Description", "")
        if gone or status == "503" or int(headers.get("Nats-Last-Consumer", 0)) > self._delivered:
            self._break()
        elif status in {"408", "404", "409"}:
            # The pull is over; what it did not deliver is told, so that the count of what was asked stays true.
            self._asked -= int(headers.get("Nats-Pending-Messages", PULL))
            if self._has_room():
                await self._pull()

    async def _keep_alive(self) -> None:
        while True:
            await wait_set(self._attend, _TICK_SECONDS)
            self._attend.clear()
            try:
                if self._must_open_again():
                    await self._open_again()
                while not self._broken and self._has_room():
                    await self._pull()
            except StreamReplacedError as error:
                self._replaced = error
                self._arrived.set()
                return
            except (TimeoutError, nats.errors.Error, OSError) as error:
                log.warning("consumer.unreachable", stream=self.stream, error=str(error) or type(error).__name__)
                await asyncio.sleep(_TICK_SECONDS)

    def _must_open_again(self) -> bool:
        # With nothing asked for, the server owes no sign of life.
        silent = self._asked > 0 and time.monotonic() - self._heard > _SILENCE_SECONDS
        return self._broken or silent or not self._name or self._client.stats["reconnects"] != self._connection

    async def _open_again(self) -> None:
        log.warning("consumer.reopened", stream=self.stream, after=self._received)
        self._broken = True
        await self._unsubscribe()
        seen = await look_at(self._client, self.stream, ANSWER_SECONDS)
        if seen.reader != self._reader:
            raise StreamReplacedError(
                f"{self._reader} was read up to {self._received}, but now the server has {seen.reader}: the stream was "
                f"deleted and made anew. {MEND}"
            )
        await refuse_cut_back(self._client, seen, self.stream, self._received, self._last)
        await self._subscribe()
