"""The known communities: kept in PostgreSQL, held in memory, and told of their policy before their first event."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import msgspec
import structlog
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from services.ingest.community_map import Community, CommunityMap
from services.ingest.database import Database, DatabaseUnavailableError
from services.ingest.message import fact_message
from services.ingest.policy_skew import PolicySkew
from shared.contracts.policy import Identity, Policy
from shared.contracts.warmline_facts import PolicyAdopted
from shared.event_store.errors import SkewError
from shared.publisher import DurablePublisher, PublishUnavailableError, StreamFullError

_log = structlog.get_logger()
_FRESH_SECONDS: Final = 5.0
_RETRY_SECONDS: Final = 2.0
_LOCK: Final = "SELECT pg_advisory_xact_lock(hashtextextended('warmline ingest communities', 0))"


@dataclass(frozen=True, slots=True, kw_only=True)
class CommunityListed:
    """A community as an administrator sees it; ``accepted`` if its events are taken today."""

    community: str
    organisation: str
    accepted: bool
    policy_version: str


async def lock_communities(connection: AsyncConnection[DictRow]) -> None:
    """Wait until no other transaction changes policies and communities, and keep others out until this one ends."""
    await connection.execute(_LOCK)


class Communities:
    """Which communities there are. Their policy-adopted facts are published under a lock, so in order of adoption.

    While the database lacks a policy that was adopted, every question raises SkewError.
    """

    def __init__(self, database: Database, publisher: DurablePublisher, skew: PolicySkew, partitions: int) -> None:
        self._database = database
        self._skew = skew
        self._publisher = publisher
        self._partitions = partitions
        self._map = CommunityMap(communities={}, accepting=None)
        self._fresh_until = 0.0
        self._loaded = False
        self._loading: asyncio.Task[None] | None = None

    async def known(self) -> CommunityMap:
        """Return the communities as they were at most a few seconds ago, or when the database was last there.

        Raises DatabaseUnavailableError when they were never known.
        """
        if asyncio.get_running_loop().time() >= self._fresh_until:
            if self._loading is None or self._loading.done():
                self._loading = asyncio.create_task(self._load())
                self._loading.add_done_callback(_take_outcome)
            if self._loaded and self._database.away:
                return self._map  # nobody changes them in a database that is away, and the look goes on beside
            try:
                await asyncio.shield(self._loading)
            except DatabaseUnavailableError:
                if not self._loaded:
                    raise
        return self._map

    async def known_now(self) -> CommunityMap:
        """Return the communities as they are now: by another process, perhaps; raises DatabaseUnavailableError.

        However many ask, one look at the database is under way at a time.
        """
        if self._loading is not None and not self._loading.done():
            await asyncio.wait({self._loading})  # it may have looked before the change
        if self._loading is None or self._loading.done():
            self._loading = asyncio.create_task(self._load())
        await asyncio.shield(self._loading)
        return self._map

    def expire(self) -> None:
        """Have the next look at what is known load it anew."""
        self._fresh_until = 0.0

    async def admit(self, names: Collection[str]) -> CommunityMap:
        """Make communities ready for their first event, and return what is known then.

        Those that an organisation's policy accepts are taken in, and every one is told of the policy in force.
        Raises DatabaseUnavailableError, PublishUnavailableError or StreamFullError.
        """
        await self.refuse_skew()
        async with self._database.transaction() as connection:
            await lock_communities(connection)
            await connection.execute(
                """
                INSERT INTO ingest.communities (community, organisation, named)
                SELECT name, accepting.organisation, false
                FROM unnest(%s::text[]) AS name,
                     (SELECT organisation FROM ingest.policies_in_force WHERE accepts_others LIMIT 1) AS accepting
                ON CONFLICT (community) DO UPDATE SET organisation = excluded.organisation, announced = 0
                WHERE NOT communities.named AND communities.organisation <> excluded.organisation
                """,
                [sorted(names)],
            )
        await self.announce()
        return self._map

    async def announce(self) -> None:
        """Publish the policy in force to every community that has not been told of it, and load what is known.

        Raises DatabaseUnavailableError, PublishUnavailableError or StreamFullError; what was announced stays so.
        """
        await self.refuse_skew()
        async with self._database.transaction() as connection:
            await lock_communities(connection)
            cursor = await connection.execute(
                """
                SELECT community, organisation, adoption, version, policy::text AS policy, adopted_at
                FROM ingest.communities JOIN ingest.policies_in_force USING (organisation)
                WHERE (named OR accepts_others) AND announced < adoption
                ORDER BY community
                """
            )
            rows = await cursor.fetchall()
            if rows:
                await self._publisher.publish(
                    [
                        fact_message(
                            PolicyAdopted(
                                community=row["community"],
                                version=row["version"],
                                policy=msgspec.json.decode(row["policy"], type=Policy),
                            ),
                            organisation=row["organisation"],
                            event_id=f"policy:{row['version']}:{row['adoption']}",
                            time=row["adopted_at"],
                            partitions=self._partitions,
                        )
                        for row in rows
                    ]
                )
                await connection.execute(
                    """
                    UPDATE ingest.communities SET announced = told.adoption
                    FROM unnest(%s::text[], %s::int[]) AS told (community, adoption)
                    WHERE communities.community = told.community
                    """,
                    [[row["community"] for row in rows], [row["adoption"] for row in rows]],
                )
        await self._load()

    async def listed(self) -> list[CommunityListed]:
        """Return every community there is or was, by name; raises DatabaseUnavailableError."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                SELECT community, organisation, named OR accepts_others AS accepted, version AS policy_version
                FROM ingest.communities JOIN ingest.policies_in_force USING (organisation)
                ORDER BY community
                """
            )
            return [CommunityListed(**row) for row in await cursor.fetchall()]

    async def refuse_skew(self) -> None:
        """Raise SkewError while the database lacks a policy that was adopted.

        Raises DatabaseUnavailableError or PublishUnavailableError when that cannot be told.
        """
        await self._skew.refuse()

    async def _load(self) -> None:
        await self.refuse_skew()
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                """
                SELECT community AS name, organisation, announced >= adoption AS announced,
                       CASE policy::jsonb #>> '{linking,same_address}' WHEN 'link'
                       THEN (jsonb_path_query_array(policy::jsonb, '$.responders[*].identities[*]')
                             || jsonb_path_query_array(policy::jsonb, '$.team.members[*]'))::text END AS team
                FROM ingest.communities JOIN ingest.policies_in_force USING (organisation)
                WHERE named OR accepts_others
                """
            )
            communities = {row["name"]: _community(row) for row in await cursor.fetchall()}
            cursor = await connection.execute(
                "SELECT organisation FROM ingest.policies_in_force WHERE accepts_others LIMIT 1"
            )
            accepting = await cursor.fetchone()
        self._map = CommunityMap(communities=communities, accepting=accepting["organisation"] if accepting else None)
        self._loaded = True
        self._fresh_until = asyncio.get_running_loop().time() + _FRESH_SECONDS


def _community(row: DictRow) -> Community:
    team = msgspec.json.decode(row["team"], type=frozenset[Identity]) if row["team"] is not None else None
    return Community(name=row["name"], organisation=row["organisation"], announced=row["announced"], team=team)


def _take_outcome(loading: asyncio.Task[None]) -> None:
    """Keep asyncio from logging that nobody waited for a look that failed: the next one tells, or succeeds."""
    if not loading.cancelled():
        loading.exception()


async def announce_until_done(communities: Communities) -> None:
    """Publish what an earlier process adopted and could not announce, trying until it is done."""
    said = ""
    while True:
        try:
            await communities.announce()
        except (DatabaseUnavailableError, PublishUnavailableError, StreamFullError, SkewError) as error:
            if str(error) != said:
                said = str(error)
                _log.warning("announcement_waits", error=said, retry_in=_RETRY_SECONDS)
            await asyncio.sleep(_RETRY_SECONDS)
        else:
            return
