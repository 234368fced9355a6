"""What makes a stream the same stream: its name, and the moment at which it was created or restored."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from nats.aio.client import Client
from nats.js.errors import APIError, NotFoundError

from shared.event_store.errors import MEND, StreamReplacedError
from shared.event_store.reader_names import reader_name

_NO_MESSAGE: Final = 10037
_IDENTITY: Final = "warmline-identity"
"""In the metadata of a stream that was restored: of such a one, the servers of a cluster differ over ``created``."""
ROUNDING: Final = timedelta(milliseconds=1)
"""By so much a stored time may differ from what the server says of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSeen:
    """A stream as it stands: the name under which a position in it is kept, its last sequence, and its replicas."""

    reader: str
    last: int
    replicas: int

    def refuse_before(self, position: int) -> None:
        """Raise StreamReplacedError when the stream ends before ``position``, up to which it was read."""
        if position > self.last:
            raise StreamReplacedError(
                f"{self.reader} was read up to {position}, but it ends at {self.last}: the stream is of an earlier "
                f"moment than the database. {MEND}"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark:
    """A message that was read: its sequence, and when the server stored it. It tells one stream from its successor."""

    seq: int
    stored: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """A message by its place in the stream: its subject, when the server stored it, and its headers."""

    subject: str
    stored: datetime
    headers: Mapping[str, str]
    body: bytes


def reader_in(info: Mapping[str, Any]) -> str:
    """Return the name under which a position is kept in the stream that ``info``, of the JetStream API, is about."""
    metadata = info["config"].get("metadata") or {}
    return reader_name(info["config"]["name"], metadata.get(_IDENTITY) or info["created"])


def with_new_identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``config`` for a stream that is about to be restored; no other stream has the identity in it."""
    # The newer of two streams has the identity that sorts last, as with ``created``.
    identity = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {**config, "metadata": {**(config.get("metadata") or {}), _IDENTITY: identity}}


def without_identity(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``config`` for a stream that is about to be made anew and empty: it is another than the one before."""
    metadata = {key: value for key, value in (config.get("metadata") or {}).items() if key != _IDENTITY}
    return {**config, "metadata": metadata}


async def message_at(client: Client, stream: str, seq: int) -> StoredMessage | None:
    """Return what stands at ``seq``; None when it was deleted. Raises nats.errors.Error when the server is away."""
    try:
        found = await client.jetstream(timeout=5).get_msg(stream, seq)
    except NotFoundError:
        return None
    if found.time is None:
        return None
    return StoredMessage(
        subject=found.subject or "", stored=found.time, headers=found.headers or {}, body=found.data or b""
    )


async def look_at(client: Client, stream: str, seconds: float = 5.0) -> StreamSeen:
    """Return how ``stream`` stands, asking for so many ``seconds`` at most.

    Raises nats.js.errors.NotFoundError when there is no such stream, nats.errors.Error when the server is away.
    """
    answer = json.loads((await client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=seconds)).data)
    if "error" in answer:
        APIError.from_error(answer["error"])
    return StreamSeen(
        reader=reader_in(answer),
        last=answer["state"]["last_seq"],
        replicas=answer["config"]["num_replicas"],
    )


async def refuse_cut_back(client: Client, seen: StreamSeen, stream: str, position: int, last: Landmark | None) -> None:
    """Raise StreamReplacedError when the stream ends before ``position``, or is another where ``last`` was read.

    Raises nats.errors.Error when the server is away.
    """
    seen.refuse_before(position)
    if last is not None:
        await refuse_grown_again(client, seen, stream, last)


async def refuse_grown_again(client: Client, seen: StreamSeen, stream: str, read: Landmark) -> None:
    """Raise StreamReplacedError when another message stands where ``read`` stood; one that was deleted tells nothing.

    Raises nats.errors.Error when the server is away.
    """
    found = await message_at(client, stream, read.seq)
    if found is not None and abs(found.stored - read.stored) > ROUNDING:
        raise StreamReplacedError(
            f"{seen.reader} was read up to {read.seq}, stored at {read.stored:%F %T}, but what stands there was stored "
            f"at {found.stored:%F %T}: the stream was cut back and has grown again. {MEND}"
        )


async def last_sequence(client: Client, stream: str, subject: str) -> int:
    """Return the sequence of the last message of ``subject``, 0 when there is none.

    The stream's leader says so, where a consumer may live on a server that lags behind it. Raises as ``look_at`` does.
    """
    return await _sequence_at_leader(client, stream, {"last_by_subj": subject})


async def next_sequence(client: Client, stream: str, subject: str, after: int) -> int:
    """Return the sequence of the first message of ``subject`` beyond ``after``, 0 when there is none.

    The stream's leader says so, as for ``last_sequence``.
    """
    return await _sequence_at_leader(client, stream, {"seq": after + 1, "next_by_subj": subject})


async def _sequence_at_leader(client: Client, stream: str, what: dict[str, object]) -> int:
    message = await client.request(f"$JS.API.STREAM.MSG.GET.{stream}", json.dumps(what).encode(), timeout=5)
    answer = json.loads(message.data)
    if error := answer.get("error"):
        if error.get("err_code") == _NO_MESSAGE:
            return 0
        APIError.from_error(error)
    return int(answer["message"]["seq"])


async def reader_of(client: Client, stream: str) -> str:
    """Return the name under which a position in ``stream`` is kept; raises as ``look_at`` does."""
    return (await look_at(client, stream)).reader
