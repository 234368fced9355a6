"""Care policies: stored for each organisation, every adoption kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import msgspec
from psycopg import AsyncConnection
from psycopg.rows import DictRow

from services.ingest.communities import Communities, lock_communities
from services.ingest.database import Database
from services.ingest.refusal import FieldProblem
from shared.contracts.policy import Policy

MAX_POLICY_BYTES: Final = 512 * 1024
"""A policy travels in one message to each community; the server takes 1 MiB."""

_encoder: Final = msgspec.json.Encoder(order="deterministic")


class PolicyRefusedError(ValueError):
    """A policy that cannot be adopted whatever others hold: its fields and why, at least one."""

    def __init__(self, problems: tuple[FieldProblem, ...]) -> None:
        super().__init__(problems[0].reason)
        self.problems = problems


class PolicyConflictError(PolicyRefusedError):
    """A policy that another organisation's policy stands against."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Adoption:
    """What came of adopting a policy; ``changed`` is false when it was in force already."""

    organisation: str
    version: str
    adoption: int
    changed: bool


def version_of(policy: Policy) -> str:
    """Return the name that the policy's content gives it: equal policies have equal versions."""
    return f"v-{hashlib.sha256(_encoder.encode(policy)).hexdigest()[:12]}"


class Policies:
    """Adopts policies."""

    def __init__(self, database: Database, communities: Communities) -> None:
        self._database = database
        self._communities = communities

    async def adopt(self, policy: Policy, now: datetime) -> Adoption:
        """Put ``policy`` in force for its organisation and tell its communities.

        Raises PolicyRefusedError, PolicyConflictError, SkewError, DatabaseUnavailableError, PublishUnavailableError or
        StreamFullError. After the latter two the policy may be stored; it is announced then as soon as possible.
        """
        encoded = _encoder.encode(policy)
        if len(encoded) > MAX_POLICY_BYTES:
            reason = f"the policy takes {len(encoded)} bytes: the most is {MAX_POLICY_BYTES}"
            raise PolicyRefusedError((FieldProblem(field="body", reason=reason),))
        await self._communities.refuse_skew()
        async with self._database.transaction() as connection:
            await lock_communities(connection)
            adoption = await self._store(connection, policy, encoded, now)
        self._communities.expire()
        await self._communities.announce()
        return adoption

    async def in_force(self, organisation: str) -> Policy | None:
        """Return the organisation's policy, None where it has none; raises DatabaseUnavailableError."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT policy::text AS policy FROM ingest.policies_in_force WHERE organisation = %s", [organisation]
            )
            row = await cursor.fetchone()
        return msgspec.json.decode(row["policy"], type=Policy) if row else None

    async def _store(
        self, connection: AsyncConnection[DictRow], policy: Policy, encoded: bytes, now: datetime
    ) -> Adoption:
        organisation, version = policy.organisation, version_of(policy)
        cursor = await connection.execute(
            "SELECT adoption, version FROM ingest.policies_in_force WHERE organisation = %s", [organisation]
        )
        current = await cursor.fetchone()
        if current and current["version"] == version:
            return Adoption(organisation=organisation, version=version, adoption=current["adoption"], changed=False)
        await _check_against_others(connection, policy)
        adoption = current["adoption"] + 1 if current else 1
        names = sorted(set(policy.communities))
        await connection.execute(
            """
            INSERT INTO ingest.policies (organisation, adoption, version, accepts_others, policy, adopted_at)
            VALUES (%s, %s, %s, %s, %s, %s)
            """,
            [organisation, adoption, version, policy.other_communities == "accept", encoded.decode(), now],
        )
        await connection.execute(
            "UPDATE ingest.communities SET named = false WHERE organisation = %s AND NOT community = ANY(%s)",
            [organisation, names],
        )
        await connection.execute(
            """
            INSERT INTO ingest.communities (community, organisation, named)
            SELECT name, %s, true FROM unnest(%s::text[]) AS name
            ON CONFLICT (community) DO UPDATE SET
                organisation = excluded.organisation,
                named = true,
                announced = CASE
                    WHEN communities.organisation = excluded.organisation THEN communities.announced ELSE 0
                END
            """,
            [organisation, names],
        )
        return Adoption(organisation=organisation, version=version, adoption=adoption, changed=True)


def _conflict(field: str, reason: str) -> PolicyConflictError:
    return PolicyConflictError((FieldProblem(field=field, reason=reason),))


async def _check_against_others(connection: AsyncConnection[DictRow], policy: Policy) -> None:
    cursor = await connection.execute(
        """
        SELECT community, organisation FROM ingest.communities JOIN ingest.policies_in_force USING (organisation)
        WHERE community = ANY(%s) AND organisation <> %s AND (named OR accepts_others)
        ORDER BY community LIMIT 1
        """,
        [list(policy.communities), policy.organisation],
    )
    if taken := await cursor.fetchone():
        raise _conflict(
            f"communities[{policy.communities.index(taken['community'])}]",
            f"the community {taken['community']!r} belongs to the organisation {taken['organisation']!r}: "
            "take it out of one of the two policies",
        )
    if policy.other_communities == "accept":
        cursor = await connection.execute(
            "SELECT organisation FROM ingest.policies_in_force WHERE accepts_others AND organisation <> %s LIMIT 1",
            [policy.organisation],
        )
        if other := await cursor.fetchone():
            raise _conflict(
                "other_communities",
                f"the organisation {other['organisation']!r} accepts other communities already: "
                "only one can, so say refuse in one of the two policies",
            )
