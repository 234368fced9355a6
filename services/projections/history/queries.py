"""What is asked of members, histories and policies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from psycopg.rows import class_row

from shared.contracts.policy import Identity, Linking, Playbook


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownMember:
    """One identity of a member as the newest events name it."""

    key: str
    community: str
    platform: str
    member_id: str
    bot: bool
    name: str | None
    handle: str | None
    roles: list[str]
    first_seen: datetime
    last_seen: datetime
    events: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldEvent:
    """One member event as it is told now: with its newest text, or without if it was deleted."""

    key: str
    community: str
    platform: str
    source: str
    event: str
    kind: str
    time: datetime
    member_key: str
    conversation: str | None
    message: str | None
    reply_to: str | None
    channel: str | None
    audience: str | None
    text: str | None
    url: str | None
    edited_at: datetime | None
    deleted_at: datetime | None
    extra: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownResponder:
    """A responder as an organisation's policy names them; in an ``emergency`` the one who is told when nobody acts."""

    name: str
    display_name: str
    communities: tuple[str, ...] = ()
    identities: tuple[Identity, ...] = ()
    emergency: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownLinking(Linking):
    """The rules of linking, and who of the team beside the responders is linked with nobody."""

    team: tuple[Identity, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownCommunity:
    """A community and what the policy in force there says."""

    community: str
    organisation: str
    policy_version: str
    responders: tuple[KnownResponder, ...]
    linking: KnownLinking
    scores_kept_days: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldByHand:
    """What somebody of the team told of a member; without a ``responder``, the administrator did."""

    key: str
    community: str
    kind: str
    time: datetime
    responder: str
    text: str | None
    detail: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class NoContact:
    """A member is not to be contacted before ``until``, or until somebody says otherwise: as ``responder`` told."""

    member_key: str
    time: datetime
    responder: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class EventPlace:
    """A place in a member's history."""

    time: datetime
    key: str


_DOCUMENTS: Final = ("roles", "extra", "detail")


def _columns(form: type[Any]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{}::json" if each.name in _DOCUMENTS else "{}").format(sql.Identifier(each.name))
        for each in fields(form)
    )


_MEMBERS: Final = sql.SQL("SELECT {} FROM members WHERE key = ANY(%s)").format(_columns(KnownMember))
_PLACES: Final = "SELECT member_key, time, key FROM arrived WHERE key = ANY(%s)"
# Times are given as values, and not joined to, so that other partitions are not even planned for.
_EVENTS: Final = sql.SQL("""
SELECT {} FROM history AS e
WHERE member_key = ANY(%(members)s) AND time = ANY(%(times)s) AND key = ANY(%(keys)s)
  AND NOT EXISTS (SELECT FROM horizons AS h WHERE h.community = e.community AND e.time < h.before)
""").format(_columns(ToldEvent))
_SEEN: Final = """
SELECT min(greatest(first_seen, before)), max(last_seen) FROM members LEFT JOIN horizons USING (community)
WHERE key = ANY(%s)
"""
# Each identity's part is read by itself, in order: together they would all be read and sorted.
_PAGE: Final = sql.SQL("""
SELECT told.* FROM unnest(%(members)s::text[]) AS member CROSS JOIN LATERAL (
    SELECT {} FROM history
    WHERE member_key = member AND time BETWEEN %(first)s AND %(last)s AND (time, key) < (%(last)s, %(key)s)
    ORDER BY time DESC, key DESC LIMIT %(limit)s
) AS told ORDER BY time DESC, key DESC LIMIT %(limit)s
""").format(_columns(ToldEvent))
_BY_HAND: Final = sql.SQL("""
SELECT {columns} FROM by_hand AS b
WHERE {which} AND NOT EXISTS (SELECT FROM horizons AS h WHERE h.community = b.community AND b.time < h.before)
ORDER BY time DESC, key DESC LIMIT {most}
""")
_BY_HAND_OF: Final = _BY_HAND.format(columns=_columns(ToldByHand), which=sql.SQL("member_key = ANY(%s)"), most=100)
_BY_HAND_NAMED: Final = _BY_HAND.format(
    columns=_columns(ToldByHand), which=sql.SQL("key = ANY(%s)"), most=sql.SQL("ALL")
)
_NO_CONTACT: Final = """
SELECT member_key, time, responder, until FROM (
    SELECT DISTINCT ON (member_key) member_key, kind, time, responder, (detail::json->>'until')::timestamptz AS until
    FROM by_hand WHERE member_key = ANY(%s) AND kind IN ('contact-declined', 'contact-allowed')
    ORDER BY member_key, time DESC, key DESC
) AS newest
WHERE kind = 'contact-declined' AND (until IS NULL OR until > clock_timestamp())
"""
_TAGS: Final = """
SELECT tag FROM (
    SELECT DISTINCT ON (tag) kind, detail::json->>'tag' AS tag FROM by_hand
    WHERE member_key = %s AND kind IN ('tag-given', 'tag-taken') ORDER BY tag, time DESC, key DESC
) AS newest
WHERE kind = 'tag-given' ORDER BY tag
"""
_OPTED_OUT: Final = """
SELECT (detail::json->>'opted_out')::boolean FROM by_hand WHERE member_key = %s AND kind = 'tone-opt-out'
ORDER BY time DESC, key DESC LIMIT 1
"""
_BEYOND_ALL_KEYS: Final = "~"
_COMMUNITIES: Final = """
SELECT jsonb_build_object('community', community, 'organisation', organisation, 'policy_version', policy_version,
                          'responders', responders, 'linking', linking,
                          'scores_kept_days', scores_kept_days)::text
FROM communities ORDER BY organisation, community
"""
_PLAYBOOK: Final = "SELECT by_reason -> %s::text FROM playbooks WHERE (community, policy_version) = (%s, %s)"


async def members(connection: psycopg.AsyncConnection[Any], keys: Iterable[str]) -> dict[str, KnownMember]:
    """Return those members of ``keys`` that are known, by key."""
    async with connection.cursor(row_factory=class_row(KnownMember)) as cursor:
        await cursor.execute(_MEMBERS, (list(keys),))
        return {row.key: row for row in await cursor.fetchall()}


async def events(connection: psycopg.AsyncConnection[Any], keys: Iterable[str]) -> dict[str, ToldEvent]:
    """Return those events of ``keys`` that are known, by key."""
    places = await (await connection.execute(_PLACES, (list(keys),))).fetchall()
    if not places:
        return {}
    members, times, found = (list(column) for column in zip(*places, strict=True))
    async with connection.cursor(row_factory=class_row(ToldEvent)) as cursor:
        await cursor.execute(_EVENTS, {"members": members, "times": times, "keys": found})
        return {row.key: row for row in await cursor.fetchall()}


async def by_hand_of(connection: psycopg.AsyncConnection[Any], *members: str) -> list[ToldByHand]:
    """Return the last hundred things that the team told of the identities of a member, newest first."""
    async with connection.cursor(row_factory=class_row(ToldByHand)) as cursor:
        await cursor.execute(_BY_HAND_OF, (list(members),))
        return await cursor.fetchall()


async def by_hand(connection: psycopg.AsyncConnection[Any], keys: Iterable[str]) -> dict[str, ToldByHand]:
    """Return what the team told under ``keys``, as far as it is known, by key."""
    async with connection.cursor(row_factory=class_row(ToldByHand)) as cursor:
        await cursor.execute(_BY_HAND_NAMED, (list(keys),))
        return {row.key: row for row in await cursor.fetchall()}


async def no_contact(connection: psycopg.AsyncConnection[Any], members: Iterable[str]) -> dict[str, NoContact]:
    """Return which of ``members`` are not to be contacted now, by key."""
    async with connection.cursor(row_factory=class_row(NoContact)) as cursor:
        await cursor.execute(_NO_CONTACT, (list(members),))
        return {row.member_key: row for row in await cursor.fetchall()}


async def tags_of(connection: psycopg.AsyncConnection[Any], member: str) -> list[str]:
    """Return the tags that the team gave a member and did not take away, by name."""
    return [tag for (tag,) in await (await connection.execute(_TAGS, (member,))).fetchall()]


async def opted_out_of_tone(connection: psycopg.AsyncConnection[Any], member: str) -> bool:
    """Return whether nothing that a member writes is read for its tone, as they wish."""
    row = await (await connection.execute(_OPTED_OUT, (member,))).fetchone()
    return row is not None and bool(row[0])


async def history_page(
    connection: psycopg.AsyncConnection[Any], members: Sequence[str], after: EventPlace | None, limit: int
) -> list[ToldEvent]:
    """Return at most ``limit`` events of those identities, newest first, which come after ``after`` in that order."""
    seen = await (await connection.execute(_SEEN, (list(members),))).fetchone()
    first, last = seen or (None, None)
    if last is None:
        return []
    place = after or EventPlace(time=last, key=_BEYOND_ALL_KEYS)
    parameters = {"members": list(members), "first": first, "last": place.time, "key": place.key, "limit": limit}
    # A page may lie in any partition: to plan for all of them takes ten times the reading, so that one plan is kept.
    async with (
        connection.pipeline(),
        connection.transaction(),
        connection.cursor(row_factory=class_row(ToldEvent)) as cursor,
    ):
        await connection.execute("SET LOCAL plan_cache_mode TO force_generic_plan")
        await cursor.execute(_PAGE, parameters, prepare=True)
        return await cursor.fetchall()


async def playbook(
    connection: psycopg.AsyncConnection[Any], community: str, policy_version: str, reason: str
) -> Playbook | None:
    """Return the guidance that a policy has for a reason; None where it has none, or is not known yet."""
    found = await (await connection.execute(_PLAYBOOK, (reason, community, policy_version))).fetchone()
    return msgspec.convert(found[0], Playbook) if found is not None and found[0] is not None else None


async def communities(connection: psycopg.AsyncConnection[Any]) -> dict[str, KnownCommunity]:
    """Return the communities that have a policy, by name."""
    found = await connection.execute(_COMMUNITIES)
    rows = [msgspec.json.decode(row, type=KnownCommunity) for (row,) in await found.fetchall()]
    return {row.community: row for row in rows}
