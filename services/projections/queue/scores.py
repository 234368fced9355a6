"""Lets go of what was measured of tone, some time after the touch ended: the rows stay, without it.

It is not told at all from the moment on at which its time is past (``explaining``); here it leaves the tables.
"""

from __future__ import annotations

from typing import Any, Final

import psycopg
import structlog
from psycopg import sql

from shared.contracts.names import OF_TONE
from shared.contracts.needs_touch import CONTRADICTED_BY

TOLD_ON: Final = ("score", "survey", CONTRADICTED_BY)
"""What stays of an answer to a survey whose comment was read: it is what the member said, and no score of tone."""

_TONE: Final = ", ".join(f"'{reason}'" for reason in OF_TONE)
_IS_OF_TONE: Final = f"(r ->> 'reason' IN ({_TONE}) OR r -> 'values' ? '{CONTRADICTED_BY}')"
_KEEPS: Final = ", ".join(f"'{name}', r -> 'values' -> '{name}'" for name in TOLD_ON)
_ARE_KEPT: Final = ", ".join(f"'{name}'" for name in TOLD_ON)
_ENDED_BEFORE: Final = "(t.state IN ('settled', 'withdrawn') AND coalesce(t.changed_at, t.ended_at) < h.before)"

KEPT: Final = f"""(
    {_ENDED_BEFORE} AND (t.reason IN ({_TONE}) OR EXISTS (
        SELECT FROM jsonb_array_elements(t.explained::jsonb -> 'reasons') AS r WHERE {_IS_OF_TONE}))
) IS NOT TRUE"""
"""The rows ``t`` of ``touches`` that hold all that was told, by the horizon ``h`` of their community."""

# Each day of UTC, not each moment: every move of a horizon has all touches looked through.
_MOVE_HORIZONS: Final = """
INSERT INTO horizons AS h (community, before)
SELECT community, date_trunc('day', now() - make_interval(secs => 86400 * scores_kept_days), 'UTC') FROM communities
ON CONFLICT (community) DO UPDATE SET before = excluded.before WHERE h.before < excluded.before
"""
_TO_SWEEP: Final = "SELECT community, before FROM horizons WHERE swept IS DISTINCT FROM before ORDER BY community"
# A touch that was raised by an earlier build has no reasons, and what was measured in its own columns alone.
_SWEEP: Final = sql.SQL("""
UPDATE touches AS t SET measured = '{{}}', thresholds = '{{}}', explained = (explained::jsonb || jsonb_build_object(
    'why', NULL,
    'reasons', (
        SELECT coalesce(jsonb_agg(CASE WHEN {is_of_tone}
            THEN r - ARRAY['baseline', 'difference', 'strength', 'why'] || jsonb_build_object(
                'values', jsonb_strip_nulls(jsonb_build_object({keeps})), 'thresholds', '{{}}'::jsonb)
            ELSE r END ORDER BY place), '[]')
        FROM jsonb_array_elements(explained::jsonb -> 'reasons') WITH ORDINALITY AS one (r, place))
))::text
FROM horizons AS h
WHERE h.community = %(community)s AND t.community = h.community AND {ended_before} AND (
    (t.reason IN ({tone}) AND t.measured <> '{{}}') OR EXISTS (
        SELECT FROM jsonb_array_elements(t.explained::jsonb -> 'reasons') AS r
        WHERE {is_of_tone} AND (r -> 'values') - ARRAY[{are_kept}] <> '{{}}'))
""").format(
    tone=sql.SQL(_TONE),
    is_of_tone=sql.SQL(_IS_OF_TONE),
    keeps=sql.SQL(_KEEPS),
    are_kept=sql.SQL(_ARE_KEPT),
    ended_before=sql.SQL(_ENDED_BEFORE),
)
_SWEPT: Final = "UPDATE horizons SET swept = %(before)s WHERE community = %(community)s"

log = structlog.get_logger()


async def let_go(connection: psycopg.AsyncConnection[Any]) -> None:
    """Move the horizons to where the policies have them by now, and empty what is beyond.

    The connection commits by itself, and its search path is the queue's schema and, after it, the history's.
    """
    await connection.execute(_MOVE_HORIZONS)
    for community, before in await (await connection.execute(_TO_SWEEP)).fetchall():
        of = {"community": community, "before": before}
        emptied = (await connection.execute(_SWEEP, of)).rowcount
        await connection.execute(_SWEPT, of)
        log.info("queue.scores_let_go", community=community, before=before.isoformat(), touches=emptied)
