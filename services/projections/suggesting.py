"""Who may be one person: suggestions for people, never followed by themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg_pool import AsyncConnectionPool

from services.projections.history import links
from services.projections.history import queries as history
from services.projections.history.clues import LikelyPair, likely_pairs
from services.projections.resources import SuggestionItem
from services.projections.shaping import identified
from services.projections.viewer import Viewer
from shared.contracts.names import member_key

Pool = AsyncConnectionPool[psycopg.AsyncConnection[Any]]
_MOST = 200
"""So many pairs are looked at: with more, the others come as these are decided."""


class Suggestions:
    """Answers whom the policy's rules take for one person. Raises psycopg.OperationalError or PoolTimeout."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool

    async def of_member(self, key: str, viewer: Viewer) -> list[SuggestionItem]:
        """Return who else the person with that key may be; empty if no event of theirs is known."""
        async with self._pool.connection() as connection:
            known = (await history.members(connection, [key])).get(key)
            if known is None:
                return []
            return await _suggested(connection, known.community, viewer, await links.person(connection, key))

    async def of_community(self, community: str, viewer: Viewer) -> list[SuggestionItem]:
        """Return who may be one person in a community, up to two hundred pairs."""
        async with self._pool.connection() as connection:
            return await _suggested(connection, community, viewer)


async def _suggested(
    connection: psycopg.AsyncConnection[Any], community: str, viewer: Viewer, keys: Sequence[str] | None = None
) -> list[SuggestionItem]:
    known = (await history.communities(connection)).get(community)
    if known is None:
        return []
    team = {
        member_key(community, identity.platform, identity.id)
        for identities in (
            viewer.identities,
            known.linking.team,
            *(responder.identities for responder in known.responders),
        )
        for identity in identities
    }
    pairs = await likely_pairs(connection, community, known.linking, _MOST, team=team, keys=keys)
    people = await history.members(connection, {key for pair in pairs for key in (pair.member_key, pair.other_key)})
    items = []
    for pair in pairs:
        both = [people[pair.member_key], people[pair.other_key]]
        if keys is not None and pair.member_key not in keys:
            both.reverse()
        items.append(_item(pair, *both))
    return items


def _item(pair: LikelyPair, member: history.KnownMember, other: history.KnownMember) -> SuggestionItem:
    return SuggestionItem(
        community=member.community,
        member=identified(member, member.key, member.platform, member.member_id),
        other=identified(other, other.key, other.platform, other.member_id),
        rule=pair.rule,
        evidence=_EVIDENCE[pair.rule].format(pair.value),
    )


_EVIDENCE = {
    "same-address": "Both carry the same e-mail address, as its keyed hash tells.",
    "named-account": "The profile of one names the other: {}.",
    "same-handle": "Both have the login name {}.",
}
