"""What a partition has published of its log, as the stream holds it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any

import msgspec
from nats.aio.client import Client

from infra.stream_reading import read_stream
from shared.contracts.cloudevents import UnknownTypeError
from shared.delivery import Delivered, Message, decode
from shared.stream_identity import look_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """A message of one partition's log: its position there, its identity, its place, and its event if it is known."""

    position: int
    key: str
    seq: int
    event: Any


async def published_after(
    client: Client, stream: str, subject: str, partition: int, *, position: int, seq: int
) -> list[Published]:
    """Return what the partition published from after ``position`` of its log, in order, each position once.

    Nothing of that stands up to the sequence ``seq``.
    """
    found: dict[int, Published] = {}
    seen = await look_at(client, stream)
    async with aclosing(read_stream(client, stream, (subject,), after=seq, until=seen.last)) as batches:
        async for messages in batches:
            for message in messages:
                one = _published(message, partition)
                if one is not None and one.position > position:
                    found.setdefault(one.position, one)
    return [found[place] for place in sorted(found)]


async def each_after(client: Client, stream: str, subjects: Sequence[str], seq: int) -> AsyncGenerator[Delivered, None]:
    """Yield the events that ``stream`` holds after ``seq``, in order; what cannot be read is left out."""
    seen = await look_at(client, stream)
    async with aclosing(read_stream(client, stream, subjects, after=seq, until=seen.last)) as batches:
        async for messages in batches:
            for message in messages:
                delivered = _decoded(message)
                if delivered is not None:
                    yield delivered


async def messages_after(client: Client, stream: str, subjects: Sequence[str], seq: int) -> list[Delivered]:
    """Return the events that ``stream`` holds after ``seq``, in order; what cannot be read is left out."""
    async with aclosing(each_after(client, stream, subjects, seq)) as messages:
        return [message async for message in messages]


def _published(message: Message, partition: int) -> Published | None:
    headers = message.headers or {}
    if headers.get("ce-partition") != str(partition):
        return None
    delivered = _decoded(message)
    return Published(
        position=int(headers.get("ce-position", "0")),
        key=headers.get("ce-id", ""),
        seq=message.seq,
        event=delivered.event if delivered else None,
    )


def _decoded(message: Message) -> Delivered | None:
    try:
        return decode(message)
    except (UnknownTypeError, msgspec.MsgspecError, UnicodeDecodeError):
        return None
