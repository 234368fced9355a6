"""The second of the bare two hops: from the stream BARE to a row for each event.

Run as ``python -m benchmarks.against.bare_rows`` it reads until it is stopped.
"""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from typing import Final

import msgspec
import nats
import psycopg
import uvloop
from nats.js.api import AckPolicy, ConsumerConfig

from benchmarks.against.bare_ingest import STREAM
from benchmarks.against.bare_loop import Pulls

TABLE: Final = "CREATE TABLE public.bare_rows (event text PRIMARY KEY, seq bigint NOT NULL, body bytea NOT NULL)"
_INSERT: Final = "INSERT INTO public.bare_rows SELECT * FROM unnest(%b::text[], %b::bigint[], %b::bytea[])"
_BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class _Event:
    id: str


_decoder: Final = msgspec.json.Decoder(_Event)


async def run(nats_url: str, postgres_url: str) -> None:
    """Read the stream from its beginning until cancelled."""
    client = await nats.connect(nats_url)
    consumer = await client.jetstream().add_consumer(STREAM, ConsumerConfig(ack_policy=AckPolicy.ALL))
    pulls = Pulls(client, STREAM, consumer.name)
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        await pulls.open()
        while True:
            batch = await pulls.take(_BATCH)
            ids = [_decoder.decode(message.data).id for message in batch]
            seqs = [int(message.reply.split(".")[-4]) for message in batch]
            await connection.execute(_INSERT, (ids, seqs, [message.data for message in batch]))
            await client.publish(batch[-1].reply, b"+ACK")


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(os.environ["WARMLINE_NATS_URL"], os.environ["WARMLINE_POSTGRES_URL"]))
