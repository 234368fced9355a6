"""Relearning: what ingest's tables have lost is read back out of MEMBER_EVENTS, as far as it stands there."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import msgspec
from psycopg import AsyncConnection

from shared.contracts.cloudevents import MemberEvent
from shared.contracts.warmline_facts import PolicyAdopted

_encoder = msgspec.json.Encoder(order="deterministic")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relearned:
    """How many adoptions of policies, and communities that were told of one, were not known."""

    policies: int
    communities: int


async def relearn(connection: AsyncConnection[Any], events: Iterable[MemberEvent]) -> Relearned:
    """Take in every policy that ``events``, in the order of the stream, say was adopted, in one transaction.

    The connection commits by itself outside of transactions.
    """
    policies = communities = 0
    async with connection.transaction():
        for event in events:
            number = adoption_of(event)
            if number is not None and isinstance(event.data, PolicyAdopted):
                policies += await _adopt(connection, event, event.data, number)
                communities += await _tell(connection, event, number)
    return Relearned(policies=policies, communities=communities)


def adoption_of(event: MemberEvent) -> int | None:
    """Return the number of the adoption that ``event`` tells of, which is in its id; None for anything else."""
    number = event.id.rpartition(":")[2] if event.id.startswith("policy:") else ""
    return int(number) if number.isascii() and number.isdigit() else None


async def _adopt(connection: AsyncConnection[Any], event: MemberEvent, adopted: PolicyAdopted, number: int) -> int:
    policy = adopted.policy
    accepts = policy.other_communities == "accept"
    encoded = _encoder.encode(policy).decode()
    inserted = await connection.execute(
        "INSERT INTO ingest.policies (organisation, adoption, version, accepts_others, policy, adopted_at) "
        "VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (organisation, adoption) DO NOTHING",
        [event.organisation, number, adopted.version, accepts, encoded, event.time],
    )
    if inserted.rowcount == 0:
        return 0
    names = sorted(set(policy.communities))
    await connection.execute(
        "UPDATE ingest.communities SET named = false WHERE organisation = %s AND NOT community = ANY(%s)",
        [event.organisation, names],
    )
    await connection.execute(
        "INSERT INTO ingest.communities (community, organisation, named) "
        "SELECT name, %s, true FROM unnest(%s::text[]) AS name ON CONFLICT (community) DO UPDATE SET "
        "organisation = excluded.organisation, named = true, announced = CASE "
        "WHEN communities.organisation = excluded.organisation THEN communities.announced ELSE 0 END",
        [event.organisation, names],
    )
    return 1


async def _tell(connection: AsyncConnection[Any], event: MemberEvent, number: int) -> int:
    """Note that the event's community was told; one that the policy does not name was taken in by it."""
    told = await connection.execute(
        "INSERT INTO ingest.communities AS c (community, organisation, named, announced) VALUES (%s, %s, false, %s) "
        "ON CONFLICT (community) DO UPDATE SET announced = excluded.announced "
        "WHERE c.organisation = excluded.organisation AND c.announced < excluded.announced",
        [event.community, event.organisation, number],
    )
    return told.rowcount
