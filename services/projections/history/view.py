"""Folds MEMBER_EVENTS into members, histories and the policies in force.

Identity makes it idempotent: an event already in ``history`` changes nothing. Every stored value is a minimum, a
maximum, or the newest by (event time, sequence), so neither batch boundaries nor repetitions show.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import psycopg

from services.projections.history import rows
from shared.contracts.member_events import MemberEventData
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.warmline_facts import PolicyAdopted
from shared.delivery import Delivered

_INSERT_HISTORY: Final = """
INSERT INTO history (key, seq, community, platform, source, event, kind, time, member_key, conversation, message,
                     reply_to, channel, audience, text, url, extra)
SELECT key, seq, community, platform, source, event, kind, time, member_key, conversation, message,
       reply_to, channel, audience, text, url, extra::jsonb
FROM unnest(%(key)b::text[], %(seq)b::int8[], %(community)b::text[], %(platform)b::text[], %(source)b::text[],
            %(event)b::text[], %(kind)b::text[], %(time)b::timestamptz[], %(member_key)b::text[],
            %(conversation)b::text[], %(message)b::text[], %(reply_to)b::text[], %(channel)b::text[],
            %(audience)b::text[], %(text)b::text[], %(url)b::text[], %(extra)b::text[])
  AS a(key, seq, community, platform, source, event, kind, time, member_key, conversation, message,
       reply_to, channel, audience, text, url, extra)
ON CONFLICT (key) DO NOTHING
RETURNING key
"""

_REWRITE: Final = """
WITH named AS (
    SELECT DISTINCT * FROM unnest(%(community)b::text[], %(source)b::text[], %(message)b::text[])
      AS n(community, source, message)
), rewritten AS (
    SELECT community, source, message,
           max(time) FILTER (WHERE kind = 'deleted') AS deleted_at,
           max(time) FILTER (WHERE kind = 'edited') AS edited_at,
           (array_agg(text ORDER BY time DESC, seq DESC) FILTER (WHERE kind = 'edited'))[1] AS text
    FROM history JOIN named USING (community, source, message)
    WHERE kind IN ('edited', 'deleted')
    GROUP BY community, source, message
)
UPDATE history h
SET deleted_at = r.deleted_at,
    edited_at = CASE WHEN h.kind = 'posted' THEN r.edited_at END,
    text = CASE WHEN r.deleted_at IS NOT NULL THEN NULL WHEN h.kind = 'posted' THEN r.text ELSE h.text END,
    audience = (
        -- An edit may not say who can read it: it is never shown to more people than the post.
        SELECT CASE WHEN bool_or(audience = 'private') THEN 'private'
                    WHEN bool_or(audience = 'members') THEN 'members' ELSE 'public' END
        FROM history w
        WHERE w.community = h.community AND w.source = h.source AND w.message = h.message
          AND w.kind IN ('posted', 'edited'))
FROM rewritten r
WHERE h.community = r.community AND h.source = r.source AND h.message = r.message AND h.kind IN ('posted', 'edited')
"""

_UPSERT_MEMBERS: Final = """
INSERT INTO members AS m (key, community, platform, member_id, bot, name, name_at, name_seq, handle, handle_at,
                          handle_seq, roles, roles_at, roles_seq, first_seen, last_seen, events)
SELECT key, community, platform, member_id, bot, name, name_at, name_seq, handle, handle_at, handle_seq,
       coalesce(roles, '[]')::jsonb, roles_at, roles_seq, first_seen, last_seen, events
FROM unnest(%(key)b::text[], %(community)b::text[], %(platform)b::text[], %(member_id)b::text[], %(bot)b::bool[],
            %(name)b::text[], %(name_at)b::timestamptz[], %(name_seq)b::int8[],
            %(handle)b::text[], %(handle_at)b::timestamptz[], %(handle_seq)b::int8[],
            %(roles)b::text[], %(roles_at)b::timestamptz[], %(roles_seq)b::int8[],
            %(first_seen)b::timestamptz[], %(last_seen)b::timestamptz[], %(events)b::int8[])
  AS a(key, community, platform, member_id, bot, name, name_at, name_seq, handle, handle_at, handle_seq,
       roles, roles_at, roles_seq, first_seen, last_seen, events)
ON CONFLICT (key) DO UPDATE SET
    bot = m.bot OR excluded.bot,
    first_seen = least(m.first_seen, excluded.first_seen),
    last_seen = greatest(m.last_seen, excluded.last_seen),
    events = m.events + excluded.events,
    (name, name_at, name_seq) = (SELECT name, at, seq FROM (VALUES
        (m.name, m.name_at, m.name_seq), (excluded.name, excluded.name_at, excluded.name_seq))
        AS v(name, at, seq) ORDER BY at DESC NULLS LAST, seq DESC LIMIT 1),
    (handle, handle_at, handle_seq) = (SELECT handle, at, seq FROM (VALUES
        (m.handle, m.handle_at, m.handle_seq), (excluded.handle, excluded.handle_at, excluded.handle_seq))
        AS v(handle, at, seq) ORDER BY at DESC NULLS LAST, seq DESC LIMIT 1),
    (roles, roles_at, roles_seq) = (SELECT roles, at, seq FROM (VALUES
        (m.roles, m.roles_at, m.roles_seq), (excluded.roles, excluded.roles_at, excluded.roles_seq))
        AS v(roles, at, seq) ORDER BY at DESC NULLS LAST, seq DESC LIMIT 1)
"""

_UPSERT_COMMUNITIES: Final = """
INSERT INTO communities AS c (community, organisation, policy_version, policy_seq, adopted_at, responders, playbooks)
SELECT community, organisation, policy_version, policy_seq, adopted_at, responders::jsonb, playbooks::jsonb
FROM unnest(%(community)b::text[], %(organisation)b::text[], %(policy_version)b::text[], %(policy_seq)b::int8[],
            %(adopted_at)b::timestamptz[], %(responders)b::text[], %(playbooks)b::text[])
  AS a(community, organisation, policy_version, policy_seq, adopted_at, responders, playbooks)
ON CONFLICT (community) DO UPDATE SET
    organisation = excluded.organisation,
    policy_version = excluded.policy_version,
    policy_seq = excluded.policy_seq,
    adopted_at = excluded.adopted_at,
    responders = excluded.responders,
    playbooks = excluded.playbooks
WHERE excluded.policy_seq > c.policy_seq
"""


class HistoryView:
    """The view ``history``; each partition of MEMBER_EVENTS moves at its own pace."""

    name = "history"
    streams: tuple[str, ...] = (MEMBER_EVENTS,)
    partitioned = True

    @property
    def ddl(self) -> str:
        """The tables, in ``schema.sql`` beside this file."""
        return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")

    async def fold(self, connection: psycopg.AsyncConnection[Any], messages: Sequence[Delivered]) -> None:
        """Take ``messages`` into the view within the caller's transaction."""
        arrived: dict[str, tuple[rows.HistoryRow, Delivered]] = {}
        policies: dict[str, rows.CommunityRow] = {}
        for message in messages:
            data = message.event.data
            if isinstance(data, MemberEventData):
                row = rows.history_row(message.event, data, message.seq)
                arrived.setdefault(row.key, (row, message))
            elif isinstance(data, PolicyAdopted):
                policy = rows.community_row(message.event, data, message.seq)
                known = policies.get(policy.community)
                if known is None or known.policy_seq < policy.policy_seq:
                    policies[policy.community] = policy
        if policies:
            await connection.execute(_UPSERT_COMMUNITIES, _columns(list(policies.values()), rows.CommunityRow))
        if arrived:
            await self._fold_events(connection, arrived)

    async def _fold_events(
        self, connection: psycopg.AsyncConnection[Any], arrived: dict[str, tuple[rows.HistoryRow, Delivered]]
    ) -> None:
        history = [row for row, _ in arrived.values()]
        inserted = await connection.execute(_INSERT_HISTORY, _columns(history, rows.HistoryRow))
        new = {key for (key,) in await inserted.fetchall()}
        if not new:
            return
        fresh = [message for key, (_, message) in arrived.items() if key in new]
        members = rows.member_rows((each.event, each.event.data, each.seq) for each in fresh)
        await connection.execute(_UPSERT_MEMBERS, _member_columns(members))
        written = [row for row in history if row.key in new and row.touches_a_text]
        if written:
            names = ("community", "source", "message")
            await connection.execute(_REWRITE, {name: [getattr(row, name) for row in written] for name in names})


def _columns(of: Sequence[Any], form: type[Any]) -> dict[str, list[Any]]:
    return {name: [getattr(row, name) for row in of] for name in form.__slots__}


def _member_columns(members: Sequence[rows.MemberRow]) -> dict[str, list[Any]]:
    plain = ("key", "community", "platform", "member_id", "bot", "first_seen", "last_seen", "events")
    columns: dict[str, list[Any]] = {name: [getattr(row, name) for row in members] for name in plain}
    for name in ("name", "handle", "roles"):
        latest = [getattr(row, name) for row in members]
        columns[name] = [each and each.value for each in latest]
        columns[f"{name}_at"] = [each and each.at for each in latest]
        columns[f"{name}_seq"] = [each and each.seq for each in latest]
    return columns
