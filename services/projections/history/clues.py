"""What tells that identities may be one person: addresses, accounts that profiles name, and equal names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations
from typing import Any, Final, NamedTuple

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL

from services.projections.history.rows import HistoryRow
from shared.contracts.member_events import Joined, MemberEventData, Updated
from shared.contracts.names import ADDRESS_HASH
from shared.contracts.policy import Linking
from shared.contracts.warmline_facts import MOST_LINKED

_HASH: Final = re.compile(ADDRESS_HASH)


class Clue(NamedTuple):
    """One thing that an identity carries; ``kind`` is address or account."""

    community: str
    kind: str
    value: str
    member_key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LikelyPair:
    """Two identities that may be one person, by ``rule``; ``value`` is what the rule rests on."""

    member_key: str
    other_key: str
    rule: str
    value: str


def clues_in(events: Iterable[tuple[HistoryRow, MemberEventData]]) -> list[Clue]:
    """Return what ``events`` tell of their members, sorted, each once."""
    found: set[Clue] = set()
    for row, data in events:
        if data.member.id.startswith("e-") and _HASH.match(data.member.id):
            found.add(Clue(row.community, "address", data.member.id, row.member_key))
        if isinstance(data, Joined | Updated):
            if data.address is not None:
                found.add(Clue(row.community, "address", data.address, row.member_key))
            for platform, login in data.accounts.items():
                value = f"{platform}:{login.removeprefix('@').lower()}"
                found.add(Clue(row.community, "account", value, row.member_key))
    return sorted(found)


_INSERT: Final = """
INSERT INTO clues SELECT * FROM unnest(%s::text[], %s::text[], %s::text[], %s::text[]) ON CONFLICT DO NOTHING
"""
# What more identities carry than one person has tells nothing of any two of them, and would pair each with each.
_FEW_CARRY: Final = SQL("""(SELECT count(*) FROM (
    SELECT FROM clues AS c WHERE (c.community, c.kind, c.value) = (a.community, a.kind, a.value) LIMIT %(most)s + 1
) AS carried) <= %(most)s""")
_FEW_ARE_CALLED: Final = SQL("""(SELECT count(*) FROM (
    SELECT FROM members AS c WHERE c.community = m.community AND lower(c.handle) = lower(m.handle) LIMIT %(most)s + 1
) AS called) <= %(most)s""")
_OF_ADDRESS: Final = SQL("""
SELECT a.member_key AS one, b.member_key AS other, 'same-address' AS rule, a.value
FROM clues AS a JOIN clues AS b USING (community, kind, value)
WHERE community = %(community)s AND kind = 'address' AND {few}
""").format(few=_FEW_CARRY)
# The second condition follows of the first: it is what the index over members' logins serves.
_OF_ACCOUNT: Final = SQL("""
SELECT a.member_key AS one, m.key AS other, 'named-account' AS rule, a.value
FROM clues AS a JOIN members AS m ON a.value = m.platform || ':' || lower(m.handle)
    AND lower(m.handle) = substr(a.value, strpos(a.value, ':') + 1) COLLATE "default"
WHERE a.community = %(community)s AND a.kind = 'account' AND m.community = %(community)s AND {few} AND {called}
""").format(few=_FEW_CARRY, called=_FEW_ARE_CALLED)
_OF_HANDLE: Final = SQL("""
SELECT a.key AS one, m.key AS other, 'same-handle' AS rule, lower(a.handle) AS value
FROM members AS m JOIN members AS a ON a.community = m.community AND lower(a.handle) = lower(m.handle)
WHERE m.community = %(community)s AND (a.platform, m.platform) IN (
    SELECT * FROM unnest(%(platforms)s::text[], %(others)s::text[])) AND {called}
""").format(called=_FEW_ARE_CALLED)
_OF_MANY: Final = SQL(" UNION ALL ").join((_OF_ADDRESS, _OF_ACCOUNT, _OF_HANDLE))
_OF_ONE: Final = SQL(" UNION ALL ").join(
    (
        _OF_ADDRESS + SQL("AND a.member_key = ANY(%(keys)s)"),
        _OF_ACCOUNT + SQL("AND a.member_key = ANY(%(keys)s)"),
        _OF_ACCOUNT + SQL("AND m.key = ANY(%(keys)s)"),
        _OF_HANDLE + SQL("AND m.key = ANY(%(keys)s)"),
    )
)
# Of several rules for one pair the surest is told.
_LIKELY: Final = """
WITH RECURSIVE person (one, key) AS (
    SELECT member_key, member_key FROM links WHERE community = %(community)s {of_links}
    UNION SELECT person.one, other_key FROM links JOIN person ON member_key = person.key
)
SELECT DISTINCT ON (member_key, other_key) member_key, other_key, rule, value FROM (
    SELECT least(one, other) AS member_key, greatest(one, other) AS other_key, rule, value FROM ({pairs}) AS found
) AS pair
WHERE member_key <> other_key AND rule = ANY(%(rules)s)
  AND NOT EXISTS (SELECT FROM parted AS p WHERE (p.member_key, p.other_key) = (pair.member_key, pair.other_key))
  AND NOT EXISTS (SELECT FROM person AS p WHERE (p.one, p.key) = (pair.member_key, pair.other_key))
  AND NOT EXISTS (SELECT FROM members AS b WHERE b.key IN (pair.member_key, pair.other_key) AND b.bot)
  AND member_key <> ALL(%(team)s) AND other_key <> ALL(%(team)s)
ORDER BY member_key, other_key, array_position(%(rules)s::text[], rule), value
LIMIT %(limit)s
"""


async def fold_clues(connection: psycopg.AsyncConnection[Any], clues: Sequence[Clue]) -> None:
    """Take in what was told; what is known already changes nothing."""
    if clues:
        await connection.execute(_INSERT, [list(column) for column in zip(*clues, strict=True)])


async def likely_pairs(
    connection: psycopg.AsyncConnection[Any],
    community: str,
    linking: Linking,
    limit: int,
    *,
    team: Iterable[str] = (),
    keys: Sequence[str] | None = None,
) -> list[LikelyPair]:
    """Return pairs of a community that may be one person; where ``keys`` are given, those of the person who has them.

    Who are one person already, or of whom somebody said that they are two, is left out; so are bots and ``team``.
    """
    pairs = [pair for platforms in linking.same_handle for pair in permutations(platforms, 2)]
    parameters = {
        "community": community,
        "platforms": [one for one, _ in pairs],
        "others": [other for _, other in pairs],
        "rules": [rule for rule, wanted in _wanted(linking) if wanted],
        "keys": list(keys or ()),
        "team": list(team),
        "most": MOST_LINKED,
        "limit": limit,
    }
    query = SQL(_LIKELY).format(
        pairs=_OF_MANY if keys is None else _OF_ONE,
        of_links=SQL("" if keys is None else "AND member_key = ANY(%(keys)s)"),
    )
    async with connection.cursor(row_factory=class_row(LikelyPair)) as cursor:
        await cursor.execute(query, parameters)
        return await cursor.fetchall()


def _wanted(linking: Linking) -> tuple[tuple[str, bool], ...]:
    return (
        ("same-address", linking.same_address != "ignore"),
        ("named-account", linking.named_account == "suggest"),
        ("same-handle", bool(linking.same_handle)),
    )
