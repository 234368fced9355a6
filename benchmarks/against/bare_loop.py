"""The bare loop: overlapping pulls, a plain fold, one statement with the position, and ack-all after the commit.

It does the least that event sourcing from a stream needs: each event is decoded, counted in its member's state, and
recorded with its number in its stream. It has no inbox, no fence, no deadlines and no second stream. Run as
``python -m benchmarks.against.bare_loop`` it reads MEMBER_EVENTS until it is stopped.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from dataclasses import dataclass
from typing import Final

import msgspec
import nats
import psycopg
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.js.api import AckPolicy, ConsumerConfig

PULL: Final = 500
TABLES: Final = """
CREATE TABLE bare_events (
    stream text, version bigint, topic text NOT NULL, state bytea NOT NULL, position bigint NOT NULL UNIQUE,
    PRIMARY KEY (stream, version)
);
CREATE TABLE bare_position (reader text PRIMARY KEY, position bigint NOT NULL);
INSERT INTO bare_position VALUES ('bare', 0);
"""
RECORD: Final = """
WITH moved AS (
    UPDATE bare_position SET position = %(position)s WHERE reader = 'bare' AND position = %(expected)s RETURNING 1
)
INSERT INTO bare_events (stream, version, topic, state, position)
SELECT e.*, %(head)s + row_number() OVER ()
FROM unnest(%(stream)b::text[], %(version)b::bigint[], %(topic)b::text[], %(state)b::bytea[]) AS e
WHERE EXISTS (SELECT FROM moved)
"""


@dataclass(frozen=True, slots=True)
class _Member:
    id: str


@dataclass(frozen=True, slots=True)
class _Data:
    member: _Member | None = None


@dataclass(frozen=True, slots=True)
class _Event:
    id: str
    type: str
    time: str
    community: str
    platform: str
    data: _Data


@dataclass(frozen=True, slots=True)
class _Noted:
    id: str
    kind: str
    at: str


_decoder: Final = msgspec.json.Decoder(_Event)
_encoder: Final = msgspec.json.Encoder()


class Pulls:
    """Two pull requests that overlap, and what they brought."""

    def __init__(self, client: Client, stream: str, consumer: str) -> None:
        self._client = client
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        self._inbox = client.new_inbox()
        self._asked = 0
        self._waiting: deque[Msg] = deque()
        self._arrived = asyncio.Event()

    async def open(self) -> None:
        """Ask for the first messages."""
        await self._client.subscribe(self._inbox, cb=self._on_message)
        await self._top_up()

    async def take(self, most: int) -> list[Msg]:
        """Return what has arrived, at most ``most`` and at least one."""
        while not self._waiting:
            self._arrived.clear()
            await self._arrived.wait()
        taken = [self._waiting.popleft() for _ in range(min(most, len(self._waiting)))]
        await self._top_up()
        return taken

    async def _top_up(self) -> None:
        while self._asked <= PULL and len(self._waiting) < 4 * PULL:
            self._asked += PULL
            request = b'{"batch":%d,"expires":30000000000}' % PULL
            await self._client.publish(self._subject, request, reply=self._inbox)

    async def _on_message(self, message: Msg) -> None:
        if not message.reply:
            self._asked -= int((message.headers or {}).get("Nats-Pending-Messages", PULL))
            await self._top_up()
            return
        self._asked -= 1
        self._waiting.append(message)
        self._arrived.set()


async def run(nats_url: str, postgres_url: str) -> None:
    """Read the stream from its beginning until cancelled."""
    client = await nats.connect(nats_url)
    config = ConsumerConfig(ack_policy=AckPolicy.ALL, filter_subject="p.*.member.*.discord.>", max_ack_pending=10_000)
    consumer = await client.jetstream().add_consumer("MEMBER_EVENTS", config)
    pulls = Pulls(client, "MEMBER_EVENTS", consumer.name)
    seen: dict[str, int] = {}
    head = position = 0
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await connection.execute(TABLES.encode())
        await pulls.open()
        while True:
            batch = await pulls.take(PULL)
            streams, versions, topics, states = [], [], [], []
            for message in batch:
                event = _decoder.decode(message.data)
                member = event.data.member.id if event.data.member else ""
                stream = f"member:{event.community}:{event.platform}:{member}"
                seen[stream] = version = seen.get(stream, 0) + 1
                streams.append(stream)
                versions.append(version)
                topics.append("bare.Noted")
                states.append(_encoder.encode(_Noted(event.id, event.type, event.time)))
            last = int(batch[-1].reply.split(".")[-4])
            await connection.execute(
                RECORD,
                {
                    "stream": streams, "version": versions, "topic": topics, "state": states,
                    "head": head, "expected": position, "position": last,
                },
            )  # fmt: skip
            head, position = head + len(batch), last
            await client.publish(batch[-1].reply, b"+ACK")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(os.environ["WARMLINE_NATS_URL"], os.environ["WARMLINE_POSTGRES_URL"]))
