"""How far the views have read, against what the streams hold."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from nats.aio.client import Client
from psycopg.sql import SQL, Identifier

from services.projections.reading import Pool
from shared.view import View, schema_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ShardProgress:
    """One reader of a view. ``lag`` is how many sequences the stream is ahead of it, other partitions' included."""

    view: str
    shard: str
    stream: str
    position: int
    lag: int


class Progress:
    """Compares positions with the streams' ends."""

    def __init__(self, client: Client, pool: Pool, views: Sequence[View]) -> None:
        self._client = client
        self._pool = pool
        self._views = views

    async def __call__(self) -> list[ShardProgress]:
        """Return where each reader is; raises nats.errors.Error or psycopg.Error when a server is away."""
        ends = {stream: await self._end(stream) for view in self._views for stream in view.streams}
        found: list[ShardProgress] = []
        async with self._pool.connection() as connection:
            for view in self._views:
                positions = Identifier(schema_of(view), "positions")
                rows = await connection.execute(
                    SQL("SELECT shard, reader, position FROM {} ORDER BY shard, reader").format(positions)
                )
                for shard, reader, position in await rows.fetchall():
                    stream = reader.partition("@")[0]
                    lag = max(0, ends.get(stream, 0) - position)
                    found.append(ShardProgress(view=view.name, shard=shard, stream=stream, position=position, lag=lag))
        return found

    async def _end(self, stream: str) -> int:
        answer = json.loads((await self._client.request(f"$JS.API.STREAM.INFO.{stream}", b"", timeout=2)).data)
        return int(answer.get("state", {}).get("last_seq", 0))
