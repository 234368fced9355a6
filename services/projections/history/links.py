"""Which identities are one person: links as the facts told them, in the order of the stream."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.rows import class_row

from shared.contracts.names import member_key
from shared.contracts.policy import Identity
from shared.contracts.warmline_facts import MOST_LINKED, LinkTold, MemberLinked
from shared.delivery import Delivered


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLink:
    """A link that holds, from one of its two identities: who said so, or which rule, and why."""

    member_key: str
    other_key: str
    other_platform: str
    other_id: str
    key: str
    time: datetime
    responder: str | None
    rule: str | None
    why: str


_TOLD: Final = "INSERT INTO links_told VALUES (%s) ON CONFLICT DO NOTHING"
_PEOPLE: Final = """
WITH RECURSIVE person (one, key) AS (
    SELECT one COLLATE "C", one COLLATE "C" FROM unnest(%s::text[]) AS one
    UNION SELECT person.one, other_key FROM links JOIN person ON member_key = person.key
) SELECT one, array_agg(key ORDER BY key) FROM person GROUP BY one
"""
_LINK: Final = """
INSERT INTO links VALUES (%(member_key)s, %(other_key)s, %(other_platform)s, %(other_id)s, %(key)s, %(community)s,
                          %(time)s, %(responder)s, %(rule)s, %(why)s)
ON CONFLICT DO NOTHING
"""
_UNLINK: Final = "DELETE FROM links WHERE (member_key, other_key) IN ((%(one)s, %(other)s), (%(other)s, %(one)s))"
_PART: Final = "INSERT INTO parted VALUES (%(one)s, %(other)s), (%(other)s, %(one)s) ON CONFLICT DO NOTHING"
_UNPART: Final = "DELETE FROM parted WHERE (member_key, other_key) IN ((%(one)s, %(other)s), (%(other)s, %(one)s))"
_LINKS: Final = """
SELECT member_key, other_key, other_platform, other_id, key, time, responder, rule, why FROM links
WHERE member_key = ANY(%s) ORDER BY time, key, member_key
"""
_WAS_TOLD: Final = "SELECT EXISTS (SELECT FROM links_told WHERE key = %s)"


async def fold_link(connection: psycopg.AsyncConnection[Any], message: Delivered, told: LinkTold) -> None:
    """Take one fact in; a link by which somebody would be too many identities is not followed, as triage does."""
    one, other = (member_key(told.community, of.platform, of.id) for of in (told.member, told.other))
    if one == other or not (await connection.execute(_TOLD, (message.key,))).rowcount:
        return
    pair = {"one": one, "other": other}
    if not isinstance(told, MemberLinked):
        await connection.execute(_UNLINK, pair)
        await connection.execute(_PART, pair)
    elif len(await person(connection, one, other)) <= MOST_LINKED:
        await connection.execute(_UNPART, pair)
        for key, other_key, identity in ((one, other, told.other), (other, one, told.member)):
            await connection.execute(_LINK, _row(message, told, key, other_key, identity))


def _row(message: Delivered, told: LinkTold, key: str, other_key: str, other: Identity) -> dict[str, Any]:
    return {
        "member_key": key,
        "other_key": other_key,
        "other_platform": other.platform,
        "other_id": other.id,
        "key": message.key,
        "community": told.community,
        "time": message.event.time,
        "responder": told.responder,
        "rule": told.rule,
        "why": told.why,
    }


async def person(connection: psycopg.AsyncConnection[Any], *keys: str) -> list[str]:
    """Return the keys of all identities of the people with ``keys``, sorted."""
    people = await people_with(connection, keys)
    return sorted({key for identities in people.values() for key in identities})


async def people_with(connection: psycopg.AsyncConnection[Any], keys: Iterable[str]) -> dict[str, list[str]]:
    """Return for each of ``keys`` those of all identities of that person, its own among them, sorted."""
    return dict(await (await connection.execute(_PEOPLE, (list(keys),))).fetchall())


async def links_of(connection: psycopg.AsyncConnection[Any], keys: Sequence[str]) -> list[KnownLink]:
    """Return the links that hold of those identities, the oldest first: each twice, from both sides."""
    async with connection.cursor(row_factory=class_row(KnownLink)) as cursor:
        await cursor.execute(_LINKS, (list(keys),))
        return await cursor.fetchall()


async def link_was_told(connection: psycopg.AsyncConnection[Any], key: str) -> bool:
    """Tell whether the fact of that key, a link or its undoing, was taken in."""
    found = await (await connection.execute(_WAS_TOLD, (key,))).fetchone()
    return bool(found and found[0])
