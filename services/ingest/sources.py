"""Sources and the tokens that authenticate them."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from services.ingest.database import Database
from services.ingest.known_while_away import KnownWhileAway
from services.ingest.principal import Administrator, Principal, SourcePrincipal
from services.ingest.source_forms import SourceListed


class Sources:
    """The configured sources; of their tokens only SHA-256 digests are kept."""

    def __init__(self, database: Database, administrator_token: str) -> None:
        self._database = database
        self._administrator = hashlib.sha256(administrator_token.encode()).digest()
        self._principals = KnownWhileAway(database, self._source_with)

    async def principal_of(self, authorization: bytes | None) -> Principal | None:
        """Return whom an ``Authorization`` header stands for; None if nobody.

        While the database is away, a token that was good before is. Raises DatabaseUnavailableError for any other.
        """
        scheme, _, token = (authorization or b"").strip().partition(b" ")
        if scheme.lower() != b"bearer" or not token.strip():
            return None
        digest = hashlib.sha256(token.strip()).digest()
        if secrets.compare_digest(digest, self._administrator):
            return Administrator()
        return await self._principals.of(digest)

    async def add(self, community: str, platform: str, name: str, now: datetime) -> str | None:
        """Add a source and return its token, which nothing can show again; None if there is one of the name.

        Raises DatabaseUnavailableError.
        """
        async with self._database.transaction() as connection:
            return await insert_source(connection, community, platform, name, now)

    async def pause(self, community: str, platform: str, name: str, at: datetime | None) -> bool:
        """Pause a source from ``at`` on, or go on with it; False if there is none. Raises DatabaseUnavailableError."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "UPDATE ingest.sources SET paused_at = CASE WHEN %(at)s::timestamptz IS NULL THEN NULL "
                "ELSE coalesce(paused_at, %(at)s) END WHERE community = %(community)s AND platform = %(platform)s "
                "AND name = %(name)s",
                {"at": at, "community": community, "platform": platform, "name": name},
            )
        self._principals.forget()
        return cursor.rowcount > 0

    async def remove(self, community: str, platform: str, name: str) -> bool:
        """Remove a source, so that its token is worth nothing and its quiet no alarm; False if there is none.

        One that spoke by the administrator's token alone is removed alike. Raises DatabaseUnavailableError.
        """
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "DELETE FROM ingest.sources WHERE community = %s AND platform = %s AND name = %s",
                [community, platform, name],
            )
            heard = await connection.execute(
                "DELETE FROM ingest.source_activity WHERE community = %s AND source = %s",
                [community, f"/{platform}/{name}"],
            )
        self._principals.forget()
        return cursor.rowcount > 0 or heard.rowcount > 0

    async def listed(self) -> list[SourceListed]:
        """Return every source; raises DatabaseUnavailableError."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                SELECT sources.community, platform, name, '/' || platform || '/' || name AS source, created_at,
                    paused_at, heard_at, coalesce(hooks.format, polls.format) AS format,
                    polls.format AS polled,
                    earlier_secret IS NOT NULL AS rotating,
                    coalesce(troubles.not_understood, 0) + coalesce(polls.not_understood, 0) AS not_understood,
                    greatest(troubles.not_understood_at, polls.not_understood_at) AS not_understood_at,
                    CASE WHEN coalesce(stopped_at, failing_since) IS NULL AND troubles.not_understood_at
                            > coalesce(polls.not_understood_at, '-infinity')
                        THEN troubles.why ELSE polls.why END AS why,
                    coalesce(unverified, 0) AS unverified, unverified_at, polled_at, failing_since, stopped_at,
                    tried
                FROM ingest.sources
                LEFT JOIN ingest.hooks USING (community, platform, name)
                LEFT JOIN ingest.hook_troubles AS troubles USING (community, platform, name)
                LEFT JOIN ingest.polls USING (community, platform, name)
                LEFT JOIN ingest.source_activity AS heard
                    ON heard.community = sources.community AND heard.source = '/' || platform || '/' || name
                ORDER BY sources.community, platform, name
                """
            )
            return [msgspec.convert(row, SourceListed) for row in await cursor.fetchall()]

    async def _source_with(self, digest: bytes) -> SourcePrincipal | None:
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT community, platform, name, paused_at IS NOT NULL AS paused FROM ingest.sources "
                "WHERE token_digest = %s",
                [digest],
            )
            row = await cursor.fetchone()
        return SourcePrincipal(**row) if row else None


async def insert_source(
    connection: AsyncConnection[DictRow], community: str, platform: str, name: str, now: datetime
) -> str | None:
    """Insert a source and return its token; None if there is one of the name."""
    token = f"wl_{secrets.token_urlsafe(32)}"
    cursor = await connection.execute(
        """
        INSERT INTO ingest.sources (community, platform, name, token_digest, created_at)
        VALUES (%s, %s, %s, %s, %s) ON CONFLICT (community, platform, name) DO NOTHING
        """,
        [community, platform, name, hashlib.sha256(token.encode()).digest(), now],
    )
    return token if cursor.rowcount else None
