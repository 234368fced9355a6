"""Folds MEMBER_EVENTS into members, histories and the policies in force.

Identity makes it idempotent: an event already in ``history`` changes nothing. Every stored value is a minimum, a
maximum, or the newest by (event time, sequence), so neither batch boundaries nor repetitions show.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, LiteralString

import psycopg

from services.projections.history import rows
from services.projections.history.clues import clues_in, fold_clues
from services.projections.history.links import fold_link
from services.projections.history.periods import MISSING, make_periods, periods_of
from services.projections.history.policies import fold_policies
from shared.array_parameters import BinaryArray, integers, moments, texts, truths
from shared.contracts.member_events import MemberEventData
from shared.contracts.subjects import MEMBER_EVENTS
from shared.contracts.warmline_facts import LinkTold, PolicyAdopted, TeamTold, ToneOptOut
from shared.delivery import Delivered

# In one statement, since each costs a round trip: the events that are new, and their members if all of them are; but
# nothing if a period is missing. It answers with the periods that are, with the keys of events that are not new, and
# with the messages whose edit or deletion came before.
#
# Nobody else writes events of these communities meanwhile, so ON CONFLICT would be a tenth of PostgreSQL's work for
# nothing. What has arrived is asked for as a value of each key, lest a plan made for an empty table read all of it. And
# arrays are unnested where values are selected: in FROM, each would be laid out as a table of its own first.
_INSERT: Final = """
WITH missing AS MATERIALIZED ({missing}),
new AS (
    INSERT INTO arrived
    SELECT * FROM (SELECT unnest(%(key)b::text[]), unnest(%(seq)b::int8[]), unnest(%(time)b::timestamptz[]),
        unnest(%(member_key)b::text[])) AS t (key)
    WHERE NOT EXISTS (SELECT FROM missing) AND (SELECT a.key FROM arrived AS a WHERE a.key = t.key) IS NULL
    RETURNING key
), kept AS (
    INSERT INTO history ({columns})
    SELECT * FROM (SELECT unnest(%(key)b::text[]), unnest(%(seq)b::int8[]), unnest(%(community)b::text[]),
        unnest(%(platform)b::text[]), unnest(%(source)b::text[]), unnest(%(event)b::text[]), unnest(%(kind)b::text[]),
        unnest(%(time)b::timestamptz[]), unnest(%(member_key)b::text[]), unnest(%(conversation)b::text[]),
        unnest(%(message)b::text[]), unnest(%(reply_to)b::text[]), unnest(%(channel)b::text[]),
        unnest(%(audience)b::text[]), unnest(%(text)b::text[]), unnest(%(url)b::text[]), unnest(%(extra)b::text[])
    ) AS told (key)
    WHERE key IN (SELECT key FROM new)
), seen AS (
    {members}
    WHERE (SELECT count(*) FROM new) = %(count)s
    {merge}
)
SELECT ARRAY(SELECT name FROM missing),
       CASE WHEN (SELECT count(*) FROM new) = %(count)s THEN ARRAY[]::text[]
            ELSE ARRAY(SELECT unnest(%(key)b::text[]) EXCEPT ALL SELECT key FROM new) END,
       ARRAY(SELECT message FROM rewrites WHERE message = ANY(%(message)b::text[]))
"""

_MEMBERS: Final = """
INSERT INTO members AS m (key, community, platform, member_id, bot, name, name_at, name_seq, handle, handle_at,
                          handle_seq, roles, roles_at, roles_seq, first_seen, last_seen, events)
SELECT
    unnest(%(m_key)b::text[]), unnest(%(m_community)b::text[]), unnest(%(m_platform)b::text[]),
    unnest(%(m_member_id)b::text[]), unnest(%(m_bot)b::bool[]), unnest(%(m_name)b::text[]),
    unnest(%(m_name_at)b::timestamptz[]), unnest(%(m_name_seq)b::int8[]), unnest(%(m_handle)b::text[]),
    unnest(%(m_handle_at)b::timestamptz[]), unnest(%(m_handle_seq)b::int8[]), unnest(%(m_roles)b::text[]),
    unnest(%(m_roles_at)b::timestamptz[]), unnest(%(m_roles_seq)b::int8[]),
    unnest(%(m_first_seen)b::timestamptz[]), unnest(%(m_last_seen)b::timestamptz[]), unnest(%(m_events)b::int8[])
"""


def _newer(name: str) -> str:
    newer = f"m.{name}_at IS NULL OR (excluded.{name}_at, excluded.{name}_seq) > (m.{name}_at, m.{name}_seq)"
    return ", ".join(
        f"{column} = CASE WHEN {newer} THEN excluded.{column} ELSE m.{column} END"
        for column in (name, f"{name}_at", f"{name}_seq")
    )


_MERGE_MEMBERS: Final = f"""
ON CONFLICT (key) DO UPDATE SET
    bot = m.bot OR excluded.bot,
    first_seen = least(m.first_seen, excluded.first_seen),
    last_seen = greatest(m.last_seen, excluded.last_seen),
    events = m.events + excluded.events,
    {_newer("name")}, {_newer("handle")}, {_newer("roles")}
"""
# psycopg remembers what it has made of a statement only up to 4,096 characters.
_TAKE_IN: Final = " ".join(
    _INSERT.format(
        missing=MISSING, columns=", ".join(rows.HistoryRow._fields), members=_MEMBERS, merge=_MERGE_MEMBERS
    ).split()
)
_UPSERT_MEMBERS: Final = _MEMBERS + _MERGE_MEMBERS

_UPSERT_REWRITES: Final = """
INSERT INTO rewrites AS r (message, source, community, deleted_at, recovered_at, edited_at, edited_seq, text)
SELECT message, source, community, deleted_at, recovered_at, edited_at, edited_seq,
       CASE WHEN deleted_at >= edited_at THEN NULL ELSE text END
FROM unnest(%(message)b::text[], %(source)b::text[], %(community)b::text[], %(deleted_at)b::timestamptz[],
            %(recovered_at)b::timestamptz[], %(edited_at)b::timestamptz[], %(edited_seq)b::int8[], %(text)b::text[])
  AS a(message, source, community, deleted_at, recovered_at, edited_at, edited_seq, text)
ON CONFLICT (message, source, community) DO UPDATE SET
    deleted_at = greatest(r.deleted_at, excluded.deleted_at),
    recovered_at = greatest(r.recovered_at, excluded.recovered_at),
    (edited_at, edited_seq) = (SELECT * FROM (VALUES
        (r.edited_at, r.edited_seq), (excluded.edited_at, excluded.edited_seq))
        AS v(at, seq) ORDER BY at DESC NULLS LAST, seq DESC LIMIT 1),
    text = CASE
        WHEN greatest(r.deleted_at, excluded.deleted_at) >= greatest(r.edited_at, excluded.edited_at) THEN NULL
        WHEN r.edited_at IS NULL OR (excluded.edited_at, excluded.edited_seq) > (r.edited_at, r.edited_seq)
        THEN excluded.text ELSE r.text END
"""

_REWRITE: Final = """
WITH named AS (
    SELECT DISTINCT * FROM unnest(%(message)b::text[], %(source)b::text[], %(community)b::text[])
      AS n(message, source, community)
), said AS (
    -- An edit may not say who can read it: it is never shown to more people than the post.
    SELECT n.message, n.source, n.community,
           CASE WHEN bool_or(h.audience = 'private') THEN 'private'
                WHEN bool_or(h.audience = 'members') THEN 'members' ELSE 'public' END AS audience
    FROM named AS n JOIN history AS h USING (message, source, community)
    WHERE h.kind IN ('posted', 'edited') GROUP BY n.message, n.source, n.community
), noted AS (
    UPDATE rewrites AS r SET audience = CASE
        WHEN 'private' IN (r.audience, said.audience) THEN 'private'
        WHEN 'members' IN (r.audience, said.audience) THEN 'members' ELSE 'public' END
    FROM said WHERE (r.message, r.source, r.community) = (said.message, said.source, said.community)
    RETURNING r.*, r.deleted_at >= coalesce(r.recovered_at, '-infinity') IS TRUE AS gone
), changed AS (
    -- Every edit supersedes the post; of the edits the newest holds, unless the message was deleted since. Of a message
    -- that is edited over and over, the edits of before stay as they are.
    SELECT h.key, h.seq, h.message, h.community, h.superseded AS was, now.*
    FROM history AS h JOIN noted AS r USING (message, source, community) CROSS JOIN LATERAL (SELECT
        h.superseded OR CASE h.kind
            WHEN 'posted' THEN coalesce(r.edited_at, r.deleted_at) IS NOT NULL
            ELSE ((h.time, h.seq) < (r.edited_at, r.edited_seq) OR h.time <= r.deleted_at) IS TRUE END AS superseded,
        CASE WHEN r.gone THEN r.deleted_at END AS deleted_at,
        CASE WHEN h.kind = 'posted' THEN r.edited_at END AS edited_at,
        CASE WHEN NOT r.gone AND (h.kind = 'posted' OR (h.time, h.seq) = (r.edited_at, r.edited_seq))
             THEN r.text END AS text,
        r.audience) AS now
    WHERE h.kind IN ('posted', 'edited')
      AND (h.superseded, h.deleted_at, h.edited_at, h.text, h.audience)
          IS DISTINCT FROM (now.superseded, now.deleted_at, now.edited_at, now.text, now.audience)
), again AS (
    DELETE FROM repeats AS a USING changed AS c WHERE a.key = c.key AND c.superseded RETURNING a.seq, a.community, a.key
), listed AS (
    INSERT INTO superseded (seq, community, key)
    SELECT seq, community, key FROM changed WHERE superseded AND NOT was UNION SELECT seq, community, key FROM again
    ON CONFLICT DO NOTHING
)
UPDATE history AS h
SET superseded = c.superseded, deleted_at = c.deleted_at, edited_at = c.edited_at, text = c.text, audience = c.audience
FROM changed AS c WHERE h.message = c.message AND h.key = c.key AND h.kind IN ('posted', 'edited')
"""
# What is superseded already is to go wherever it comes from; of the rest it is noted where it stands.
_NOTE_REPEATS: Final = """
WITH again AS (
    SELECT a.key, a.seq, h.community, h.time, h.superseded
    FROM unnest(%(key)b::text[], %(seq)b::int8[], %(message)b::text[]) AS a (key, seq, message)
    JOIN history AS h USING (message, key) WHERE h.kind IN ('posted', 'edited') AND h.seq <> a.seq
), late AS (
    INSERT INTO superseded SELECT seq, community, key FROM again WHERE superseded ON CONFLICT DO NOTHING
)
INSERT INTO repeats SELECT key, seq, community, time FROM again WHERE NOT superseded ON CONFLICT DO NOTHING
"""

_INSERT_BY_HAND: Final = """
INSERT INTO by_hand (key, community, member_key, kind, time, responder, text, detail)
SELECT * FROM unnest(%(key)b::text[], %(community)b::text[], %(member_key)b::text[], %(kind)b::text[],
                     %(time)b::timestamptz[], %(responder)b::text[], %(text)b::text[], %(detail)b::text[])
ON CONFLICT DO NOTHING
"""


class HistoryView:
    """The view ``history``; each partition of MEMBER_EVENTS moves at its own pace."""

    name = "history"
    streams: tuple[str, ...] = (MEMBER_EVENTS,)
    partitioned = True
    kept: Mapping[str, LiteralString] = MappingProxyType(
        {
            "history": "t.time >= h.before",
            "rewrites": "greatest(t.edited_at, t.deleted_at) >= h.before",
            "by_hand": "t.time >= h.before OR " + rows.HOLDS_ON,
        }
    )

    @property
    def ddl(self) -> str:
        """The tables, in ``schema.sql`` beside this file."""
        return Path(__file__).with_name("schema.sql").read_text(encoding="utf-8")

    async def fold(self, connection: psycopg.AsyncConnection[Any], messages: Sequence[Delivered]) -> None:
        """Take ``messages`` into the view within the caller's transaction."""
        arrived: dict[str, tuple[rows.HistoryRow, MemberEventData]] = {}
        again: list[rows.HistoryRow] = []
        policies: list[Delivered] = []
        by_hand: list[rows.ByHandRow] = []
        for message in messages:
            data = message.event.data
            if isinstance(data, MemberEventData):
                row = rows.history_row(message.event, data, message.seq, message.key)
                if message.key in arrived:
                    again.append(row)
                else:
                    arrived[message.key] = (row, data)
            elif isinstance(data, PolicyAdopted):
                policies.append(message)
            elif isinstance(data, TeamTold | ToneOptOut):
                by_hand.append(rows.by_hand_row(message.event, data, message.key))
            elif isinstance(data, LinkTold):
                await fold_link(connection, message, data)
        if by_hand:
            await connection.execute(_INSERT_BY_HAND, rows.columns(by_hand, rows.ByHandRow))
        if policies:
            await fold_policies(connection, policies)
        if arrived:
            again += await self._fold_events(connection, arrived)
            await fold_clues(connection, clues_in(arrived.values()))
        repeats = [row for row in again if row.text and row.kind in ("posted", "edited")]
        if repeats:
            names = ("key", "seq", "message")
            await connection.execute(_NOTE_REPEATS, {name: [getattr(row, name) for row in repeats] for name in names})

    async def _fold_events(
        self, connection: psycopg.AsyncConnection[Any], arrived: dict[str, tuple[rows.HistoryRow, MemberEventData]]
    ) -> list[rows.HistoryRow]:
        """Take in what ``arrived``, by key, and return what of it had arrived before."""
        told = [row for row, _ in arrived.values()]
        parameters = {
            **_history_columns(told),
            **_member_columns(rows.member_rows(arrived.values())),
            "count": len(told),
            "periods": periods_of(row.time for row in told),
        }
        missing, repeated, rewritten = await _take_in(connection, parameters)
        while missing:
            await make_periods(connection, missing)
            missing, repeated, rewritten = await _take_in(connection, parameters)
        if repeated:
            told = [row for row in told if row.key not in repeated]
            members = _member_columns(rows.member_rows(arrived[row.key] for row in told))
            await connection.execute(_UPSERT_MEMBERS, members)
        rewrites = rows.rewrite_rows(arrived[row.key] for row in told)
        if rewrites:
            await connection.execute(_UPSERT_REWRITES, rows.columns(rewrites, rows.RewriteRow))
        named = [row for row in told if row.rewrites or (row.kind == "posted" and row.message in rewritten)]
        if named:
            names = ("message", "source", "community")
            await connection.execute(_REWRITE, {name: [getattr(row, name) for row in named] for name in names})
        return [arrived[key][0] for key in repeated]


async def _take_in(
    connection: psycopg.AsyncConnection[Any], parameters: Mapping[str, Any]
) -> tuple[list[str], set[str], set[str]]:
    answered = await (await connection.execute(_TAKE_IN, parameters)).fetchone()
    assert answered is not None  # noqa: S101 -- a SELECT without FROM has one row
    missing, repeated, rewritten = answered
    return missing, set(repeated), set(rewritten)


def _history_columns(told: Sequence[rows.HistoryRow]) -> dict[str, BinaryArray]:
    arrays: dict[str, Callable[[Any], BinaryArray]] = {"seq": integers, "time": moments}
    columns = zip(rows.HistoryRow._fields, zip(*told, strict=True), strict=True)
    return {name: arrays.get(name, texts)(values) for name, values in columns}


def _member_columns(members: Sequence[rows.MemberRow]) -> dict[str, BinaryArray]:
    columns = {
        "m_key": texts([row.key for row in members]),
        "m_community": texts([row.community for row in members]),
        "m_platform": texts([row.platform for row in members]),
        "m_member_id": texts([row.member_id for row in members]),
        "m_bot": truths([row.bot for row in members]),
        "m_first_seen": moments([row.first_seen for row in members]),
        "m_last_seen": moments([row.last_seen for row in members]),
        "m_events": integers([row.events for row in members]),
    }
    for name, none in (("name", None), ("handle", None), ("roles", "[]")):
        latest: list[rows.Latest | None] = [getattr(row, name) for row in members]
        columns[f"m_{name}"] = texts([none if each is None else each.value for each in latest])
        columns[f"m_{name}_at"] = moments([each and each.at for each in latest])
        columns[f"m_{name}_seq"] = integers([each and each.seq for each in latest])
    return columns
