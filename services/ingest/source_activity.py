"""When each source was last heard: noted in memory for every event, and in PostgreSQL every few seconds."""

from __future__ import annotations

import asyncio
from typing import Final

from services.ingest.database import Database, DatabaseUnavailableError

_FLUSH_SECONDS: Final = 10.0
_FORGOTTEN: Final = "90 days"


class SourceActivity:
    """Takes the word of every event kept. What a crash forgets is a few seconds' worth of a clock that counts hours."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._heard: set[tuple[str, str]] = set()

    def heard(self, community: str, source: str) -> None:
        """Note that an event of the source was kept."""
        self._heard.add((community, source))

    async def run(self) -> None:
        """Store what was noted, now and then, until cancelled."""
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Store what was noted; while the database is away it stays noted."""
        if not self._heard:
            return
        heard, self._heard = self._heard, set()
        try:
            async with self._database.transaction() as connection:
                # In the order of the key, so that two processes never wait for each other.
                await connection.execute(
                    "INSERT INTO ingest.source_activity SELECT community, source, clock_timestamp() "
                    "FROM unnest(%s::text[], %s::text[]) AS heard (community, source) ORDER BY community, source "
                    "ON CONFLICT (community, source) DO UPDATE SET heard_at = excluded.heard_at",
                    [[community for community, _ in heard], [source for _, source in heard]],
                )
                await connection.execute(
                    "DELETE FROM ingest.source_activity WHERE heard_at < clock_timestamp() - %s::interval", [_FORGOTTEN]
                )
        except DatabaseUnavailableError:
            self._heard |= heard
