"""Whether a partition's log and the streams around it are of one moment, looked at before its owner goes to work."""

from __future__ import annotations

from collections.abc import Iterable

import structlog
from nats.aio.client import Client

from shared.contracts.subjects import subject_matches
from shared.event_store.errors import MEND, SkewError, StreamReplacedError
from shared.event_store.reader_names import read_before
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.event_store.stored import Opened
from shared.partition.service import Input
from shared.relay import StoreBehindError, published_position
from shared.stream_identity import ROUNDING, StreamSeen, look_at, message_at
from shared.topology import DERIVED

log = structlog.get_logger()


async def refuse_skewed_inputs(client: Client, store: PartitionStore, lease: Lease, inputs: Iterable[Input]) -> None:
    """Raise SkewError when a stream that the partition reads is not the one that it has read, or was cut back.

    A stream that was cut back and has grown again is known by its messages: none up to the partition's position can
    have been stored after the last one that the partition has folded.
    """
    stood = await store.aside(store.positions, lease)
    for spec in inputs:
        seen = await look_at(client, spec.stream)
        other = read_before(seen.reader, stood.positions)
        if other is not None and spec.stream not in DERIVED:
            raise StreamReplacedError(
                f"The partition {lease.shard} read {other} up to {stood.positions[other]}, but now the server has "
                f"{seen.reader}, which ends at {seen.last}: the stream was deleted, or restored from elsewhere. {MEND}"
            )
        position = stood.positions.get(seen.reader, 0)
        seen.refuse_before(position)
        await _refuse_grown_again(client, seen, spec, position, stood)


async def _refuse_grown_again(client: Client, seen: StreamSeen, spec: Input, position: int, stood: Opened) -> None:
    message = await message_at(client, spec.stream, position) if position else None
    if message is None or not any(subject_matches(message.subject, subject) for subject in spec.subjects):
        return
    if message.stored > stood.clock + ROUNDING:
        raise StreamReplacedError(
            f"{seen.reader} was read up to {position}, but what stands there was stored at {message.stored:%F %T}, "
            f"after all that this database has read of it, which ends at {stood.clock:%F %T}: the stream was cut back "
            f"and has grown again. {MEND}"
        )


async def refuse_skewed_outlet(
    client: Client, store: PartitionStore, lease: Lease, *, stream: str, subject: str
) -> None:
    """Raise SkewError when the stream holds more than the log, or less than was published to it.

    A stream that was made anew and is empty is taken: the log is published to it from its beginning.
    """
    seen = await look_at(client, stream)
    noted = await store.aside(store.outlet, lease)
    published = await published_position(client, stream, subject, store.partition)
    head = (await store.aside(store.positions, lease)).head
    if published > head:
        raise StoreBehindError(
            f"{stream} holds the position {published} of the partition {lease.shard}, but its log ends at {head}: the "
            f"database is of an earlier moment than the streams. {MEND}"
        )
    if noted.reader in {"", seen.reader}:
        await _refuse_cut_back(client, seen, stream, noted.seq, store.partition)
    elif published:
        raise SkewError(
            f"The partition {lease.shard} published to {noted.reader}, but now the server has {seen.reader}, which "
            f"holds its position {published}: the stream was restored from elsewhere. {MEND}"
        )
    else:
        log.warning("outlet.made_anew", shard=lease.shard, before=noted.reader, now=seen.reader)
    if noted.reader != seen.reader:
        await store.aside(store.note_outlet, lease, seen.reader, anew=noted.reader != "")


async def _refuse_cut_back(client: Client, seen: StreamSeen, stream: str, seq: int, partition: int) -> None:
    if seq > seen.last:
        raise StreamReplacedError(
            f"The log was published to {seen.reader} up to the sequence {seq}, but the stream ends at {seen.last}: it "
            f"is of an earlier moment than the database. {MEND}"
        )
    message = await message_at(client, stream, seq) if seq else None
    if message is not None and message.headers.get("ce-partition") != str(partition):
        raise StreamReplacedError(
            f"The log was published to {seen.reader} up to the sequence {seq}, but another message stands there: the "
            f"stream was cut back and has grown again. {MEND}"
        )
