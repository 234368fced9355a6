"""The ledger of imports: which parts of an export are in, and when the community's deadlines must wait."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from services.ingest.database import Database
from services.ingest.message import fact_message
from shared.contracts.names import digest
from shared.contracts.policy import Retention
from shared.contracts.warmline_facts import ImportBegan, ImportEnded
from shared.publisher import DurablePublisher

_ANEW: Final = "(known.ended_at IS NOT NULL OR known.began_at < excluded.began_at - interval '6 hours')"
"""When a beginning is told again: after an end, or so late that its readers may have stopped waiting for the end."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRun:
    """An import that runs; its parts that are finished need not be sent again.

    ``kept_since`` is from when on the care policy keeps history; None: all of it.
    """

    import_id: str
    finished_parts: tuple[str, ...]
    kept_since: datetime | None


class Imports:
    """Begins and ends imports. Each method raises DatabaseUnavailableError."""

    def __init__(self, database: Database, publisher: DurablePublisher, partitions: int) -> None:
        self._database = database
        self._publisher = publisher
        self._partitions = partitions

    async def begin(
        self, *, community: str, organisation: str, platform: str, source_name: str, name: str, now: datetime
    ) -> ImportRun:
        """Begin the import of this name, go on with it, or begin it again after its end.

        Raises PublishUnavailableError or StreamFullError too; the import is then begun by the next call.
        """
        import_id = f"i-{digest(community, platform, name)}"
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                INSERT INTO ingest.imports AS known (import_id, community, platform, name, source_name, began_at)
                VALUES (%(import_id)s, %(community)s, %(platform)s, %(name)s, %(source_name)s, %(now)s)
                ON CONFLICT (import_id) DO UPDATE SET
                    run = known.run + {anew}::int,
                    source_name = excluded.source_name,
                    began_at = CASE WHEN {anew} THEN excluded.began_at ELSE known.began_at END,
                    began_published = known.began_published AND NOT {anew},
                    ended_at = NULL,
                    ended_published = false
                RETURNING run, began_at, began_published
                """.replace("{anew}", _ANEW),
                {
                    "import_id": import_id,
                    "community": community,
                    "platform": platform,
                    "name": name,
                    "source_name": source_name,
                    "now": now,
                },
            )
            [row] = await cursor.fetchall()
            cursor = await connection.execute(
                "SELECT part FROM ingest.import_parts WHERE import_id = %s ORDER BY part", [import_id]
            )
            parts = tuple(part["part"] for part in await cursor.fetchall())
            kept_since = await _kept_since(connection, organisation, community, now)
        if not row["began_published"]:
            await self._publish(
                ImportBegan(community=community, import_id=import_id),
                organisation,
                row["run"],
                "began",
                row["began_at"],
            )
            await self._mark(import_id, row["run"], "began_published")
        return ImportRun(import_id=import_id, finished_parts=parts, kept_since=kept_since)

    async def finish_parts(self, import_id: str, parts: Sequence[str]) -> None:
        """Note parts of an import that there is as finished."""
        async with self._database.transaction() as connection:
            await connection.execute(
                """
                INSERT INTO ingest.import_parts (import_id, part)
                SELECT %s, part FROM unnest(%s::text[]) AS part ON CONFLICT DO NOTHING
                """,
                [import_id, list(parts)],
            )

    async def community_of(self, import_id: str) -> str | None:
        """Return the community that is imported into; None if there is no such import."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute("SELECT community FROM ingest.imports WHERE import_id = %s", [import_id])
            row = await cursor.fetchone()
        return row["community"] if row else None

    async def end(self, import_id: str, organisation: str, now: datetime) -> None:
        """End an import; once it has ended, this does nothing.

        Raises PublishUnavailableError or StreamFullError too; the import is then ended by the next call.
        """
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                UPDATE ingest.imports SET ended_at = coalesce(ended_at, %s) WHERE import_id = %s
                RETURNING community, run, ended_at, ended_published
                """,
                [now, import_id],
            )
            row: dict[str, Any] = await cursor.fetchone() or {"ended_published": True}
        if not row["ended_published"]:
            fact = ImportEnded(community=row["community"], import_id=import_id)
            await self._publish(fact, organisation, row["run"], "ended", row["ended_at"])
            await self._mark(import_id, row["run"], "ended_published")

    async def _publish(
        self, fact: ImportBegan | ImportEnded, organisation: str, run: int, what: str, time: datetime
    ) -> None:
        event_id = f"import:{fact.import_id}:{run}:{what}"
        message = fact_message(
            fact, organisation=organisation, event_id=event_id, time=time, partitions=self._partitions
        )
        await self._publisher.publish([message])

    async def _mark(self, import_id: str, run: int, column: str) -> None:
        statement = {
            "began_published": "UPDATE ingest.imports SET began_published = true WHERE import_id = %s AND run = %s",
            "ended_published": "UPDATE ingest.imports SET ended_published = true WHERE import_id = %s AND run = %s",
        }[column]
        async with self._database.transaction() as connection:
            await connection.execute(statement, [import_id, run])


async def _kept_since(
    connection: AsyncConnection[DictRow], organisation: str, community: str, now: datetime
) -> datetime | None:
    """Return the beginning of the oldest month of which the policy in force keeps history; None for all."""
    cursor = await connection.execute(
        "SELECT (policy -> 'retention')::text AS retention FROM ingest.policies_in_force WHERE organisation = %s",
        [organisation],
    )
    policy = await cursor.fetchone()
    if policy is None or policy["retention"] is None:
        return None
    months = msgspec.json.decode(policy["retention"], type=Retention).months_of(community)
    if months is None:
        return None
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)
