"""Where database and streams stand to each other, before anything is changed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import psycopg
from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from infra.outlets import OUTLETS
from infra.running_servers import Connections
from shared.relay import published_position


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


async def _log_behind(
    client: Client, connection: psycopg.AsyncConnection[Any], service: str, partition: int
) -> LogBehind | None:
    outlet = OUTLETS[service]
    published = await published_position(client, outlet.stream, outlet.subject, partition)
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
