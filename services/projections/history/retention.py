"""Lets go of history that the care policy does not keep: first it is not told any more, then it is deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from services.projections.history.periods import period_named
from services.projections.history.rows import HOLDS_ON

_PAGES_A_STEP: Final = 200

_MOVE_HORIZONS: Final = """
INSERT INTO horizons AS h (community, before)
SELECT community, date_trunc('month', (now() AT TIME ZONE 'UTC') - make_interval(months => history_months))
    AT TIME ZONE 'UTC'
FROM communities WHERE history_months IS NOT NULL
ON CONFLICT (community) DO UPDATE SET before = excluded.before WHERE h.before < excluded.before
"""
_TO_SWEEP: Final = "SELECT max(before) FROM horizons WHERE swept IS DISTINCT FROM before"
_TABLES: Final = """
SELECT c.relname::text FROM pg_inherits AS i JOIN pg_class AS c ON c.oid = i.inhrelid
WHERE i.inhparent = 'history'::regclass ORDER BY 1
"""
_PAGES: Final = "SELECT pg_relation_size({}::regclass) / current_setting('block_size')::bigint"
# An edit that comes later must not be shown to more people than the post was, though the post is gone.
_STEP: Final = """
WITH gone AS (
    DELETE FROM {} AS t USING horizons AS h
    WHERE t.ctid >= %s::tid AND t.ctid < %s::tid AND h.community = t.community AND t.time < h.before
    RETURNING t.message, t.source, t.community, t.kind, t.audience
)
INSERT INTO rewrites AS r (message, source, community, audience)
SELECT message, source, community, CASE WHEN bool_or(audience = 'private') THEN 'private' ELSE 'members' END
FROM gone WHERE kind IN ('posted', 'edited') AND audience IN ('private', 'members')
GROUP BY message, source, community ORDER BY message, source, community
ON CONFLICT (message, source, community) DO UPDATE SET audience =
    CASE WHEN 'private' IN (r.audience, excluded.audience) THEN 'private' ELSE 'members' END
"""
_BLANK_REWRITES: Final = """
UPDATE rewrites AS r SET text = NULL, edited_at = NULL, edited_seq = NULL, deleted_at = NULL, recovered_at = NULL
FROM horizons AS h
WHERE h.community = r.community AND greatest(r.edited_at, r.deleted_at) < h.before
"""
_DROP_BLANK_REWRITES: Final = """
DELETE FROM rewrites WHERE edited_at IS NULL AND deleted_at IS NULL AND coalesce(audience, 'public') = 'public'
"""

_SWEEP_BY_HAND: Final = """
DELETE FROM by_hand AS t USING horizons AS h WHERE h.community = t.community AND t.time < h.before AND NOT ({})
"""
_SWEEP_REPEATS: Final = (
    "DELETE FROM repeats AS t USING horizons AS h WHERE h.community = t.community AND t.time < h.before"
)

log = structlog.get_logger()


async def let_go(connection: psycopg.AsyncConnection[Any]) -> None:
    """Move the horizons to where the policies have them by now, and delete what is beyond, in many transactions.

    The connection commits by itself, and its search path is the view's schema.
    """
    await connection.execute(_MOVE_HORIZONS)
    row = await (await connection.execute(_TO_SWEEP)).fetchone()
    before: datetime | None = row[0] if row else None
    if before is None:
        return
    horizons = await (await connection.execute("SELECT community, before FROM horizons")).fetchall()
    for (table,) in await (await connection.execute(_TABLES)).fetchall():
        first = period_named(table).first
        if first is None or first < before:
            await _sweep(connection, table)
    await connection.execute(SQL(_SWEEP_BY_HAND).format(SQL(HOLDS_ON)))
    await connection.execute(_SWEEP_REPEATS)
    await connection.execute(_BLANK_REWRITES)
    await connection.execute(_DROP_BLANK_REWRITES)
    await connection.execute(
        "UPDATE horizons AS h SET swept = s.before FROM unnest(%s::text[], %s::timestamptz[]) AS s (community, before) "
        "WHERE h.community = s.community",
        ([community for community, _ in horizons], [moment for _, moment in horizons]),
    )
    log.info("history.swept", before=before.isoformat())


async def _sweep(connection: psycopg.AsyncConnection[Any], table: str) -> None:
    row = await (await connection.execute(SQL(_PAGES).format(table))).fetchone()
    pages = int(row[0]) if row else 0
    step = SQL(_STEP).format(Identifier(table))
    for page in range(0, pages, _PAGES_A_STEP):
        await connection.execute(step, (f"({page},0)", f"({page + _PAGES_A_STEP},0)"))
    await connection.execute(SQL("VACUUM {}").format(Identifier(table)))
    try:
        async with connection.transaction():
            await connection.execute("SET LOCAL lock_timeout = '2s'")
            await connection.execute("LOCK TABLE history IN ACCESS EXCLUSIVE MODE")
            held = await connection.execute(SQL("SELECT EXISTS (SELECT FROM {})").format(Identifier(table)))
            if (await held.fetchone()) == (False,):
                await connection.execute(SQL("DROP TABLE {}").format(Identifier(table)))
    except psycopg.errors.LockNotAvailable:
        log.info("history.still_read", table=table)
