"""Where database and streams stand to each other, before anything is changed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from infra.outlets import OUTLETS
from infra.readers import Position, all_positions
from infra.running_servers import Connections
from services.projections.views import VIEWS
from shared.contracts.subjects import MEMBER_EVENTS, TOUCH_FACTS, TOUCHES
from shared.event_store.errors import MEND, StreamReplacedError
from shared.event_store.reader_names import stream_of
from shared.relay import StaleReplicaError, published_position
from shared.stream_identity import StreamSeen, look_at, refuse_grown_again
from shared.topology import DERIVED
from shared.view import landmarks_of, schema_of, shards_of

_BEHIND_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class LogBehind:
    """A partition's log that ends before what it has published; ``lost_after`` is its end, or was when mending began.

    ``noted`` is a sequence of the stream up to which nothing of that stands, and ``begun`` tells that it was begun to
    be mended.
    """

    service: str
    partition: int
    lost_after: int
    published: int
    noted: int
    begun: bool

    @property
    def says(self) -> str:
        """The finding, for people."""
        stream = OUTLETS[self.service].stream
        says = (
            f"{self.service}, partition {self.partition}: {stream} holds its position {self.published:,}, "
            f"and its log ends at {self.lost_after:,}"
        )
        return f"{says} (begun to be mended)" if self.begun else says


async def logs_behind(servers: Connections) -> list[LogBehind]:
    """Return every log that ends before what it has published, or was not mended to the end."""
    found = []
    for service in OUTLETS:
        for partition in range(servers.partitions):
            one = await _log_behind(servers.client, servers.postgres, service, partition)
            if one is not None:
                found.append(one)
    return found


async def readers_beyond(servers: Connections) -> list[str]:
    """Return, in words, each position of the database beyond a stream's end, or in another stream than there is."""
    read = await all_positions(servers.postgres, servers.partitions)
    published = [
        Position(service=service, shard=shard, reader=reader, position=position)
        for service in OUTLETS
        for shard, reader, position in await _published(servers.postgres, service)
    ]
    # After the positions, for services may run: what they read meanwhile must be there.
    seen = {stream: await look_at(servers.client, stream) for stream in (MEMBER_EVENTS, TOUCHES, TOUCH_FACTS)}
    return [
        *_behind(read, seen, "has read"),
        *_behind(published, seen, "has published to"),
        *[words async for words in _grown_again(servers, seen)],
    ]


async def _grown_again(servers: Connections, seen: Mapping[str, StreamSeen]) -> AsyncIterator[str]:
    """Yield, in words, each view that has read another message than now stands there."""
    for view in VIEWS:
        for shard in shards_of(view, servers.partitions):
            for reader, landmark in (await landmarks_of(servers.postgres, schema_of(view), shard.name)).items():
                now = seen[stream_of(reader)]
                if reader != now.reader or landmark.seq > now.last:
                    continue
                try:
                    await refuse_grown_again(servers.client, now, stream_of(reader), landmark)
                except StreamReplacedError as skew:
                    yield f"projections {shard.name}: {str(skew).removesuffix(MEND).strip()}"


def _behind(positions: Iterable[Position], seen: Mapping[str, StreamSeen], what: str) -> Iterable[str]:
    for one in positions:
        now = seen[stream_of(one.reader)]
        if one.reader == now.reader and one.position > now.last:
            yield f"{one.service} {one.shard} {what} {one.reader} up to {one.position:,}, and it ends at {now.last:,}"
        elif one.reader != now.reader and stream_of(one.reader) not in DERIVED:
            yield f"{one.service} {one.shard} {what} {one.reader} up to {one.position:,}, and now there is {now.reader}"


async def _published(connection: psycopg.AsyncConnection[Any], service: str) -> list[tuple[str, str, int]]:
    query = SQL("SELECT shard, relayed_in, relayed_seq FROM {} WHERE relayed_in <> '' ORDER BY shard")
    return await (await connection.execute(query.format(Identifier(service, "shards")))).fetchall()


async def _published_position(client: Client, service: str, partition: int) -> int:
    """Ask until a server answers that is not behind its stream's leader: not for long, where nothing is wrong."""
    outlet = OUTLETS[service]
    clock = asyncio.get_running_loop().time
    until = clock() + _BEHIND_SECONDS
    while True:
        try:
            return await published_position(client, outlet.stream, outlet.subject, partition)
        except StaleReplicaError:
            if clock() > until:
                raise
            await asyncio.sleep(_AGAIN_SECONDS)


async def _log_behind(
    client: Client, connection: psycopg.AsyncConnection[Any], service: str, partition: int
) -> LogBehind | None:
    published = await _published_position(client, service, partition)
    cursor = await connection.execute(
        SQL(
            "SELECT s.head, s.relayed_seq, a.lost_after, a.lost_until FROM {} AS s "
            "LEFT JOIN {} AS a ON a.shard = s.shard AND a.finished_at IS NULL WHERE s.shard = %s"
        ).format(Identifier(service, "shards"), Identifier(service, "adoptions")),
        (str(partition),),
    )
    row = await cursor.fetchone()
    head, noted, lost_after, lost_until = row or (0, 0, None, None)
    if lost_after is not None and lost_until is not None:
        ends = (int(lost_after), int(lost_until))
        noted = 0
    elif published > head:
        ends = (int(head), published)
    else:
        return None
    return LogBehind(
        service=service,
        partition=partition,
        lost_after=ends[0],
        published=ends[1],
        noted=int(noted),
        begun=lost_after is not None,
    )
