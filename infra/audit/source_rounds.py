"""Rounds over all sources: which were heard since the last one, and which have gone quiet beyond their rhythm."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg

from infra.audit.rhythm import Rhythm, in_words, lapsed, too_quiet, watch

ROUND_SECONDS: Final = 30.0
SAVE_SECONDS: Final = 300.0
MOST_SOURCES: Final = 2_000
"""Sources whose rhythm is kept, those heard last first; each takes half a kilobyte."""

FAILING_SECONDS: Final = 1_800.0
"""For so long a platform may fail to answer before somebody is told."""

Source = tuple[str, str]
"""Community, and the ``source`` of its CloudEvents."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    heard_at: datetime
    rhythm: Rhythm


class SourceRounds:
    """Knows every source's rhythm. Time in which nobody watched, or ingest was away, is nobody's quiet."""

    def __init__(self) -> None:
        self._known: dict[Source, _Known] | None = None
        self._at: float | None = None
        self._saved_at = 0.0

    @property
    def known(self) -> int:
        """How many sources are known."""
        return len(self._known or ())

    def pause(self) -> None:
        """Note that sources could not be heard just now: this time does not count as their quiet."""
        self._at = None

    async def look(self, connection: psycopg.AsyncConnection[Any], now: float) -> None:
        """Go round at ``now`` (seconds that only grow), if it is time. Raises psycopg.Error."""
        if self._at is not None and now - self._at < ROUND_SECONDS:
            return
        if self._known is None:
            self._known = await _load(connection)
            self._saved_at = now
        # A watcher that was held up has not watched.
        seconds = min(now - self._at, 2 * ROUND_SECONDS) if self._at is not None else 0.0
        self._at = now
        cursor = await connection.execute(
            "SELECT community, source, heard_at FROM ingest.source_activity ORDER BY heard_at DESC LIMIT %s",
            (MOST_SOURCES,),
        )
        active = {(community, source): heard_at for community, source, heard_at in await cursor.fetchall()}
        self._known = _after(self._known, active, seconds)
        if now - self._saved_at >= SAVE_SECONDS:
            await self.save(connection)
            self._saved_at = now

    def too_quiet(self) -> list[str]:
        """Return in words which sources are quiet beyond their rhythm."""
        known = (self._known or {}).items()
        return [
            f"{source} of {community}: {in_words(one.rhythm)}"
            for (community, source), one in known
            if too_quiet(one.rhythm)
        ]

    async def save(self, connection: psycopg.AsyncConnection[Any]) -> None:
        """Remember what is known across restarts. Raises psycopg.Error."""
        if self._known is None:
            return
        async with connection.transaction():
            await connection.execute("SET TRANSACTION READ WRITE")
            await connection.execute(
                "INSERT INTO auditor.rhythms AS r SELECT * FROM unnest(%s::text[], %s::text[], %s::timestamptz[], "
                "%s::jsonb[]) ON CONFLICT (community, source) DO UPDATE SET heard_at = excluded.heard_at, "
                "rhythm = excluded.rhythm WHERE r.rhythm <> excluded.rhythm",
                (
                    [community for community, _ in self._known],
                    [source for _, source in self._known],
                    [one.heard_at for one in self._known.values()],
                    [msgspec.json.encode(one.rhythm).decode() for one in self._known.values()],
                ),
            )
            await connection.execute(
                "DELETE FROM auditor.rhythms WHERE (community, source) NOT IN "
                "(SELECT * FROM unnest(%s::text[], %s::text[]))",
                ([community for community, _ in self._known], [source for _, source in self._known]),
            )


async def unread_sources(connection: psycopg.AsyncConnection[Any]) -> list[str]:
    """Return in words which polled sources are not read: their platform refuses the secret, or fails for long."""
    cursor = await connection.execute(
        "SELECT community, platform, name, why FROM ingest.polls JOIN ingest.sources USING (community, platform, name) "
        "WHERE paused_at IS NULL "
        "AND (stopped_at IS NOT NULL OR failing_since < clock_timestamp() - make_interval(secs => %s)) "
        "ORDER BY community, platform, name",
        (FAILING_SECONDS,),
    )
    return [f"/{platform}/{name} of {community}: {why}" for community, platform, name, why in await cursor.fetchall()]


def _after(known: dict[Source, _Known], active: dict[Source, datetime], seconds: float) -> dict[Source, _Known]:
    after = {}
    for source, heard_at in active.items():
        before = known.get(source)
        if before is None:
            after[source] = _Known(heard_at=heard_at, rhythm=Rhythm())
            continue
        rhythm = watch(before.rhythm, seconds, heard=heard_at > before.heard_at)
        if not lapsed(rhythm):
            after[source] = _Known(heard_at=heard_at, rhythm=rhythm)
    return after


async def _load(connection: psycopg.AsyncConnection[Any]) -> dict[Source, _Known]:
    cursor = await connection.execute("SELECT community, source, heard_at, rhythm::text FROM auditor.rhythms")
    return {
        (community, source): _Known(heard_at=heard_at, rhythm=msgspec.json.decode(rhythm, type=Rhythm))
        for community, source, heard_at, rhythm in await cursor.fetchall()
    }
