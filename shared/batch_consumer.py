"""One reader of one stream: overlapping pulls without acknowledgements, from a position that PostgreSQL holds."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import nats.errors
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy
from nats.js.errors import APIError

from shared.delivery import Message

PULL: Final = 500
_EXPIRES_SECONDS: Final = 30.0
_HEARTBEAT_SECONDS: Final = 1.0
_SILENCE_SECONDS: Final = 4.0
_INACTIVE_SECONDS: Final = 60.0
_START: Final = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger()


class BatchConsumer:
    """Delivers a stream's messages in order, each once, from the position after ``start``.

    The consumer on the server is ours alone, keeps nothing and acknowledges nothing, so a takeover can neither skip
    nor reorder. When the server falls silent it is opened again after the last message received. Idle it delivers a
    message as it comes; under load two pulls of ``PULL`` messages overlap.
    """

    def __init__(
        self, client: Client, stream: str, subjects: Sequence[str], start: int, arrived: asyncio.Event
    ) -> None:
        self.stream = stream
        self._client = client
        self._subjects = list(subjects)
        self._arrived = arrived
        self._received = start
        self._waiting: deque[Message] = deque()
        self._asked = 0
        self._name = ""
        self._inbox = ""
        self._subscription: Subscription | None = None
        self._heard = time.monotonic()
        self._keeper: asyncio.Task[None] | None = None

    async def open(self) -> None:
        """Start delivering; raises nats.js.errors.NotFoundError when the stream does not exist."""
        await self._subscribe()
        self._keeper = asyncio.create_task(self._keep_alive(), name=f"keep {self.stream} alive")

    async def close(self) -> None:
        """Stop, and remove the consumer from the server."""
        if self._keeper is not None:
            self._keeper.cancel()
            await asyncio.wait({self._keeper})  # not awaited itself: its cancellation must not be taken for ours
        await self._unsubscribe()

    def take(self, most: int) -> list[Message]:
        """Return the messages that have arrived, in order, at most ``most`` of them, without waiting."""
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        if self._waiting:
            self._arrived.set()
        return taken

    async def idle_since(self) -> datetime | None:
        """Return a moment of the server's clock before which everything stored has been taken; None when unsure."""
        if self._waiting or not self._name:
            return None
        subject = f"$JS.API.CONSUMER.INFO.{self.stream}.{self._name}"
        try:
            answer = json.loads((await self._client.request(subject, b"", timeout=2)).data)
        except nats.errors.Error:
            return None
        if "error" in answer or answer["num_pending"] or self._waiting:
            return None
        if answer["delivered"]["stream_seq"] > self._received:
            return None
        return datetime.fromisoformat(answer["ts"])

    async def _subscribe(self) -> None:
        config = ConsumerConfig(
            ack_policy=AckPolicy.NONE,
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._received + 1,
            filter_subjects=self._subjects,
            inactive_threshold=_INACTIVE_SECONDS,
            mem_storage=True,
            num_replicas=1,
        )
        info = await self._client.jetstream().add_consumer(self.stream, config)
        self._name = info.name
        self._inbox = self._client.new_inbox()
        self._asked = 0
        self._subscription = await self._client.subscribe(self._inbox, cb=self._on_message)
        self._heard = time.monotonic()
        await self._pull()
        await self._pull()

    async def _unsubscribe(self) -> None:
        subscription, name = self._subscription, self._name
        self._subscription, self._name, self._inbox = None, "", ""
        with contextlib.suppress(nats.errors.Error, APIError, asyncio.TimeoutError):
            if subscription is not None:
                await subscription.unsubscribe()
            if name:
                await self._client.jetstream().delete_consumer(self.stream, name)

    async def _pull(self) -> None:
        request = {
            "batch": PULL,
            "expires": int(_EXPIRES_SECONDS * 1e9),
            "idle_heartbeat": int(_HEARTBEAT_SECONDS * 1e9),
        }
        self._asked += PULL
        await self._client.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{self.stream}.{self._name}", json.dumps(request).encode(), reply=self._inbox
        )

    async def _on_message(self, message: Msg) -> None:
        self._heard = time.monotonic()
        if not message.reply.startswith("$JS.ACK."):
            await self._on_status(message.headers or {})
            return
        seq, stored = _place(message.reply)
        if seq <= self._received:
            return  # left over from a consumer that was given up
        self._received = seq
        self._waiting.append(
            Message(
                stream=self.stream,
                seq=seq,
                stored=stored,
                subject=message.subject,
                headers=message.headers,
                body=message.data,
            )
        )
        self._asked -= 1
        self._arrived.set()
        if self._asked <= PULL and len(self._waiting) < 4 * PULL:
            await self._pull()

    async def _on_status(self, headers: dict[str, str]) -> None:
        status = headers.get("Status", "")
        if status in {"408", "404", "409"}:
            # The pull is over; what it did not deliver is told, so that the count of what was asked stays true.
            self._asked -= int(headers.get("Nats-Pending-Messages", PULL))
            if status == "409" and "Deleted" in headers.get("Description", ""):
                self._heard = 0.0
            elif self._asked <= PULL:
                await self._pull()

    async def _keep_alive(self) -> None:
        while True:
            await asyncio.sleep(_HEARTBEAT_SECONDS)
            try:
                if time.monotonic() - self._heard > _SILENCE_SECONDS:
                    log.warning("consumer.reopened", stream=self.stream, after=self._received)
                    await self._unsubscribe()
                    await self._subscribe()
                elif self._asked <= PULL and len(self._waiting) < 4 * PULL:
                    await self._pull()
            except (TimeoutError, nats.errors.Error, APIError, OSError) as error:
                log.warning("consumer.unreachable", stream=self.stream, error=str(error) or type(error).__name__)


def _place(reply: str) -> tuple[int, datetime]:
    """Return sequence and time of storing from a delivery's reply subject.

    ``$JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<ns>.<pending>``, or with domain and account
    hash after ``ACK`` and a token at the end (nats-architecture-and-design, ADR-15).
    """
    parts = reply.split(".")
    offset = 0 if len(parts) == 9 else 2
    microseconds, _ = divmod(int(parts[7 + offset]), 1000)
    return int(parts[5 + offset]), _START + timedelta(microseconds=microseconds)
