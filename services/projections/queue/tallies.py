"""How many open touches there are of each kind: kept as touches change, since counting them reads them all."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg import sql

FACETS: Final = ("community", "segment", "reason", "state", "responder", "escalated")
"""What a touch is counted by."""


def values_of(touch: str) -> sql.Composed:
    """Return the values of ``FACETS`` in the row named ``touch``; null for a facet under which it is not counted."""
    return sql.SQL(
        "ARRAY[{t}.community, {t}.segment, {t}.reason, {t}.state, {t}.responder, "
        "CASE WHEN {t}.escalated_at IS NOT NULL THEN 'yes' END]"
    ).format(t=sql.Identifier(touch))


def is_open(touch: str) -> sql.Composed:
    """Return whether the row named ``touch`` waits, as the indexes have it: for anything else they are passed over."""
    return sql.SQL("{t}.reason IS NOT NULL AND {t}.state IN ('raised', 'held', 'assigned', 'claimed')").format(
        t=sql.Identifier(touch)
    )


def tallied(write: sql.Composable) -> sql.Composed:
    """Return the queries of a WITH that carry out ``write``, an upsert of touches, and move the tallies accordingly.

    The last of them, ``moved``, has the new ``count`` of each tally that it moved.
    """
    return sql.SQL("""
written AS (
    {write}
    RETURNING CASE WHEN {was_open} THEN {was} END AS was, CASE WHEN {is_open} THEN {becomes} END AS becomes
), changed AS (
    SELECT was, becomes, count(*) AS touches FROM written GROUP BY was, becomes
), moved AS (
    INSERT INTO touch_tallies AS t (facet, value, count)
    SELECT facet, value, sum(change)
    FROM (SELECT was, -touches FROM changed UNION ALL SELECT becomes, touches FROM changed) AS moved (kinds, change)
        CROSS JOIN LATERAL unnest({facets}::text[], kinds) AS kind (facet, value)
    WHERE value IS NOT NULL GROUP BY facet, value HAVING sum(change) <> 0
    ON CONFLICT (facet, value) DO UPDATE SET count = t.count + excluded.count
    RETURNING count
)
""").format(
        write=write,
        was_open=is_open("old"),
        was=values_of("old"),
        is_open=is_open("new"),
        becomes=values_of("new"),
        facets=list(FACETS),
    )


async def drop_empty(connection: psycopg.AsyncConnection[Any]) -> None:
    """Remove the tallies of what no open touch has any more: a view folded in other batches has no row for it."""
    await connection.execute("DELETE FROM touch_tallies WHERE count = 0")
