"""Durable publishing to a JetStream stream: in order, without loss, and fast when much is waiting."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import msgspec
from msgspec import Struct
from nats.aio.client import Client
from nats.errors import Error as NatsError

from shared.crash_points import crash_point
from shared.nats_client import publish_framed
from shared.outgoing import Outgoing, frames
from shared.publish_attempts import Attempts, PublishUnavailableError, RetryableError
from shared.telemetry.work import published

__all__ = ["DurablePublisher", "Outgoing", "PubResult", "PublishUnavailableError", "StreamFullError"]

MAX_BATCH_MESSAGES: Final = 1000
MAX_BATCH_BYTES: Final = 4 * 1024 * 1024
ATOMIC_FROM_MESSAGES: Final = 16
"""From here on one atomic batch, with its one fsync, is quicker than single messages (measured)."""
MAX_WAITING_MESSAGES: Final = 20_000
MAX_WAITING_BYTES: Final = 64 * 1024 * 1024

_TROUBLE_SECONDS: Final = 60.0
_LEAST_SECONDS: Final = 1.0
_DUPLICATE_IN_BATCH: Final = 10201
_FULL: Final = frozenset({10002, 10023, 10028, 10047, 10077})
"""Account, server, memory, storage and stream limits, as nats-server numbers them."""


class StreamFullError(Exception):
    """The stream or its disk has no room. Messages before the refused one may be stored."""


class PubResult(Struct, frozen=True, kw_only=True, gc=False):
    """Where a message is stored; ``duplicate`` says that an earlier publication had put it there."""

    seq: int
    duplicate: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _ApiError:
    code: int = 0
    err_code: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _PubAck:
    seq: int = 0
    duplicate: bool = False
    count: int = 0
    error: _ApiError | None = None


class _DuplicateInBatchError(Exception):
    """The atomic batch holds an id that the stream knows, or the same id twice: none of it is stored."""


class _Call:
    """One call of ``publish``: its messages, and the results so far."""

    def __init__(self, messages: Sequence[Outgoing], patience: float) -> None:
        loop = asyncio.get_running_loop()
        self.messages = messages
        self.deadline = loop.time() + patience
        self.size = sum(message.size for message in messages)
        self.results: list[PubResult] = []
        self.done: asyncio.Future[list[PubResult]] = loop.create_future()

    def finish(self, error: BaseException | None) -> None:
        if self.done.done():  # whoever called has gone
            return
        if error is None:
            self.done.set_result(self.results)
        else:
            self.done.set_exception(error)


_Piece = tuple[_Call, Sequence[Outgoing]]
_ack_decoder: Final = msgspec.json.Decoder(_PubAck)


class DurablePublisher:
    """Publishes to one stream. The messages of one call keep their order; concurrent calls share atomic batches.

    A call's message is only sent once the one before it is confirmed, or in one atomic batch with it, so that no
    failure can let a message overtake another. ``patience`` is for how many seconds a publication is tried; with
    ``once`` it is tried a single time, for whoever must first look whether the stream is still the one that it knows.
    """

    def __init__(self, nc: Client, stream: str, *, patience: float = 20.0, once: bool = False) -> None:
        self._nc = nc
        self._stream = stream
        self._patience = patience
        self._once = once
        self._waiting: deque[_Call] = deque()
        self._room = asyncio.Condition()
        self._messages = 0
        self._bytes = 0
        self._worker: asyncio.Task[None] | None = None
        self._highest = 0
        self._trouble: tuple[str, float] | None = None

    async def publish(self, messages: Sequence[Outgoing]) -> list[PubResult]:
        """Return where each message is stored, once all are confirmed; waits while too much is waiting already.

        Raises StreamFullError at once, and PublishUnavailableError when NATS does not confirm in time. A duplicate
        that only a repeated attempt of this call made is none.
        """
        if not messages:
            return []
        call = _Call(messages, self._patience)
        async with self._room:
            await self._room.wait_for(self._has_room)
            self._messages += len(messages)
            self._bytes += call.size
        self._waiting.append(call)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await call.done

    @property
    def trouble(self) -> str | None:
        """Why the last publication failed, for a minute; None when it did not."""
        if self._trouble is None or time.monotonic() - self._trouble[1] > _TROUBLE_SECONDS:
            return None
        return self._trouble[0]

    def _has_room(self) -> bool:
        return self._messages < MAX_WAITING_MESSAGES and self._bytes < MAX_WAITING_BYTES

    async def _work(self) -> None:
        while self._waiting:
            calls = self._take()
            error: BaseException | None = None
            began = time.perf_counter()
            try:
                await self._publish_round(calls)
            except asyncio.CancelledError:
                error = PublishUnavailableError(f"publishing to {self._stream} was stopped")
                raise
            except Exception as caught:  # noqa: BLE001 -- it belongs to the callers; the worker goes on
                error = caught
            finally:
                self._trouble = None if error is None else (str(error), time.monotonic())
                for call in calls:
                    complete = len(call.results) == len(call.messages)
                    call.finish(None if complete else error)
                sent = sum(len(call.results) for call in calls)
                published(self._stream, sent, time.perf_counter() - began, error)
                async with self._room:
                    self._messages -= sum(len(call.messages) for call in calls)
                    self._bytes -= sum(call.size for call in calls)
                    self._room.notify_all()

    def _take(self) -> list[_Call]:
        """Take the waiting calls that fit into one atomic batch, or the first alone."""
        calls = [self._waiting.popleft()]
        messages, size = len(calls[0].messages), calls[0].size
        while self._waiting:
            messages += len(self._waiting[0].messages)
            size += self._waiting[0].size
            if messages > MAX_BATCH_MESSAGES or size > MAX_BATCH_BYTES:
                break
            calls.append(self._waiting.popleft())
        return calls

    async def _publish_round(self, calls: list[_Call]) -> None:
        now = asyncio.get_running_loop().time()
        deadline = max(now + _LEAST_SECONDS, min(call.deadline for call in calls))
        if len(calls) > 1:
            await self._publish_pieces([(call, call.messages) for call in calls], deadline)
            return
        for chunk in _chunks(calls[0].messages):
            await self._publish_pieces([(calls[0], chunk)], deadline)

    async def _publish_pieces(self, pieces: list[_Piece], deadline: float) -> None:
        known, uncertain = self._highest, False
        if sum(len(part) for _, part in pieces) >= ATOMIC_FROM_MESSAGES:
            attempt = Attempts(deadline, self._stream, once=self._once)
            if await self._publish_together(pieces, attempt):
                return
            uncertain = attempt.uncertain
            if len(pieces) > 1 and not uncertain:  # the calls without a duplicate need not pay for the others
                for piece in pieces:
                    await self._publish_pieces([piece], deadline)
                return
        lanes = (self._publish_singly(call, part, deadline, known, uncertain=uncertain) for call, part in pieces)
        for outcome in await asyncio.gather(*lanes, return_exceptions=True):
            if outcome is not None:
                raise outcome

    async def _publish_together(self, pieces: list[_Piece], attempt: Attempts) -> bool:
        """Publish in one atomic batch; False when it holds a duplicate, so that nothing of it was stored just now."""
        messages = [message for _, part in pieces for message in part]
        while True:
            try:
                last = await self._publish_atomic(messages, await attempt.next(self._nc))
            except _DuplicateInBatchError:
                return False
            except (NatsError, TimeoutError, RetryableError) as error:
                attempt.failed(error)
            else:
                seq = last - len(messages) + 1
                for call, part in pieces:
                    call.results += (PubResult(seq=seq + i, duplicate=False) for i in range(len(part)))
                    seq += len(part)
                return True

    async def _publish_singly(
        self, call: _Call, part: Sequence[Outgoing], deadline: float, known: int, *, uncertain: bool
    ) -> None:
        """Publish one after the other. ``uncertain``: an earlier attempt may have stored them, after ``known``."""
        for message in part:
            attempt = Attempts(deadline, self._stream, once=self._once)
            while True:
                try:
                    ack = await self._request(message, message.headers, await attempt.next(self._nc))
                except (NatsError, TimeoutError, RetryableError) as error:
                    attempt.failed(error)
                    continue
                own = ack.seq > known and (uncertain or attempt.uncertain)
                call.results.append(PubResult(seq=ack.seq, duplicate=ack.duplicate and not own))
                break

    async def _publish_atomic(self, messages: Sequence[Outgoing], seconds: float) -> int:
        """Publish ``messages`` as one atomic batch and return the sequence of the last."""
        batch = secrets.token_urlsafe(12)
        await publish_framed(self._nc, frames(messages[:-1], batch, self._nc.max_payload))
        last = messages[-1]
        end = {"Nats-Batch-Id": batch, "Nats-Batch-Sequence": str(len(messages)), "Nats-Batch-Commit": "1"}
        return (await self._request(last, {**last.headers, **end}, seconds)).seq

    async def _request(self, message: Outgoing, headers: dict[str, str], seconds: float) -> _PubAck:
        headers = {**headers, "Nats-Msg-Id": message.msg_id, "Nats-Expected-Stream": self._stream}
        crash_point("publisher.before-request")
        reply = await self._nc.request(message.subject, message.body, timeout=seconds, headers=headers)
        crash_point("publisher.after-puback")
        try:
            ack = _ack_decoder.decode(reply.data)
        except msgspec.DecodeError as error:
            raise RetryableError(f"an answer that is no acknowledgement: {error}") from error
        if ack.error is None:
            self._highest = max(self._highest, ack.seq)
            return ack
        if ack.error.err_code == _DUPLICATE_IN_BATCH:
            raise _DuplicateInBatchError
        if ack.error.err_code in _FULL:
            raise StreamFullError(f"the stream {self._stream} has no room: {ack.error.description}")
        raise RetryableError(f"{ack.error.description} (error {ack.error.err_code})")


def _chunks(messages: Sequence[Outgoing]) -> list[Sequence[Outgoing]]:
    """Divide ``messages`` into runs that fit into an atomic batch each."""
    chunks: list[Sequence[Outgoing]] = []
    start, size = 0, 0
    for index, message in enumerate(messages):
        size += message.size
        if index > start and (index - start >= MAX_BATCH_MESSAGES or size > MAX_BATCH_BYTES):
            chunks.append(messages[start:index])
            start, size = index, message.size
    return [*chunks, messages[start:]]
