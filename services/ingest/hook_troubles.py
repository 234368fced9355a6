"""What webhooks brought that came to nothing: noted in memory, and in PostgreSQL every few seconds."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Final

import psycopg

from services.ingest.database import Database, DatabaseUnavailableError
from services.ingest.hooks import HookKey

_FLUSH_SECONDS: Final = 2.0


@dataclass(slots=True, kw_only=True)
class _Trouble:
    not_understood: int = 0
    why: str | None = None
    unverified: int = 0


class HookTroubles:
    """Counts for the operator, who is shown the newest reason. It holds nothing of what was written."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._troubles: dict[HookKey, _Trouble] = {}

    def not_understood(self, key: HookKey, why: str) -> None:
        """Note that a verified request came to nothing, or part of it."""
        trouble = self._troubles.setdefault(key, _Trouble())
        trouble.not_understood += 1
        trouble.why = why.replace("\0", "")[:1_000]

    def unverified(self, key: HookKey) -> None:
        """Note that a request was not signed as the source's platform signs."""
        self._troubles.setdefault(key, _Trouble()).unverified += 1

    async def run(self) -> None:
        """Store what was noted, now and then, until cancelled."""
        while True:
            await asyncio.sleep(_FLUSH_SECONDS)
            await self.flush()

    async def flush(self) -> None:
        """Store what was noted; it stays noted while the database is away, or when a source was removed meanwhile."""
        if not self._troubles:
            return
        troubles, self._troubles = self._troubles, {}
        rows = [(*key, each.not_understood, each.why, each.unverified) for key, each in sorted(troubles.items())]
        try:
            async with self._database.transaction() as connection:
                # In the order of the key, so that two processes never wait for each other.
                await connection.execute(
                    """
                    INSERT INTO ingest.hook_troubles AS known
                        (community, platform, name, not_understood, not_understood_at, why, unverified, unverified_at)
                    SELECT community, platform, name, new.not_understood,
                        CASE WHEN new.not_understood > 0 THEN clock_timestamp() END, new.why, new.unverified,
                        CASE WHEN new.unverified > 0 THEN clock_timestamp() END
                    FROM unnest(%s::text[], %s::text[], %s::text[], %s::bigint[], %s::text[], %s::bigint[])
                        AS new (community, platform, name, not_understood, why, unverified)
                    JOIN ingest.hooks USING (community, platform, name)
                    ORDER BY community, platform, name
                    ON CONFLICT (community, platform, name) DO UPDATE SET
                        not_understood = known.not_understood + excluded.not_understood,
                        not_understood_at = coalesce(excluded.not_understood_at, known.not_understood_at),
                        why = coalesce(excluded.why, known.why),
                        unverified = known.unverified + excluded.unverified,
                        unverified_at = coalesce(excluded.unverified_at, known.unverified_at)
                    """,
                    [list(column) for column in zip(*rows, strict=True)],
                )
        except (DatabaseUnavailableError, psycopg.IntegrityError):
            for key, trouble in troubles.items():
                self._restore(key, trouble)

    def _restore(self, key: HookKey, old: _Trouble) -> None:
        newer = self._troubles.setdefault(key, _Trouble())
        newer.not_understood += old.not_understood
        newer.why = newer.why or old.why
        newer.unverified += old.unverified
