"""Check: a fresh fold of the streams gives every view, row for row."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from infra.table_comparison import compare_tables
from infra.verify.context import VerifyContext
from infra.verify.report import Check
from infra.verify.scratch import FRESH_VIEW, SCRATCH, drop_schema
from infra.verify.stream_tables import StreamTables
from infra.view_folding import HORIZONS, ViewFolding, above_horizons, compare_views, tables_of
from services.projections.views import VIEWS
from shared.contracts.subjects import MEMBER_EVENTS
from shared.partition.understanding import UnknownOwnTypeError
from shared.view import View, create_view, schema_of, shards_of

_HISTORY = next(view for view in VIEWS if view.name == "history")
LIVE = "live_"
"""Before the names of the live history's tables, copied into the scratch schema; others have their view's name, too."""
_LET_GO = {
    "history": "compared from {before} on, what is older is not kept",
    "queue": "touches for signs of tone that ended before {before} are not compared, as their scores are not kept",
}

_STORED_ONCE = """(
    SELECT m.key, min(m.seq) AS seq FROM verify.member_events AS m
    JOIN verify.live_positions AS p ON p.view = 'history' AND p.shard = 'history-' || m.shard AND m.seq <= p.position
    LEFT JOIN verify.live_arrived AS a ON a.key = m.key LEFT JOIN verify.live_horizons AS h ON h.community = m.community
    WHERE m.form = 'member' AND (a.time >= h.before) IS NOT FALSE AND NOT EXISTS (
        SELECT FROM verify.live_parked AS d WHERE d.shard = p.shard AND d.stream = p.stream AND d.seq = m.seq)
    GROUP BY m.key)"""


async def check_views(context: VerifyContext, tables: StreamTables) -> None:
    """Check every view."""
    connection = context.servers.postgres
    await connection.execute(
        "CREATE UNLOGGED TABLE verify.live_positions (view text, shard text, stream text, position bigint);"
        "CREATE UNLOGGED TABLE verify.live_parked (shard text, stream text, seq bigint)"
    )
    for view in VIEWS:
        with context.report.check(view.name) as check:
            fresh = f"{FRESH_VIEW}{view.name}"
            await create_view(connection, view, fresh)
            if not await _copy_live(connection, view, fresh):
                what = f"the schema {schema_of(view)} is missing or damaged"
                check.differs(what, f"mend it: warmline rebuild {view.name}")
                continue
            try:
                await _fold(context, view, fresh, check)
            except UnknownOwnTypeError as halt:
                check.differs("the fold halts", str(halt))
                continue
            rows, differences = await compare_views(
                connection, view, expected=fresh, found=SCRATCH, prefix=_prefix(view)
            )
            check.compared += rows
            check.found(differences)
            if view.kept:
                check.notes += await _let_go(connection, view)
            await drop_schema(connection, fresh)
    await _check_history_against_stream(context, tables)


async def _copy_live(connection: psycopg.AsyncConnection[Any], view: View, fresh: str) -> bool:
    """Copy the live view, its positions and its dead letters as of one moment; False when it is not there."""
    live = schema_of(view)
    try:
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            await connection.execute(
                SQL(
                    "INSERT INTO verify.live_positions SELECT {}, shard, split_part(reader, '@', 1), position FROM {}"
                ).format(view.name, Identifier(live, "positions"))
            )
            await connection.execute(
                "INSERT INTO verify.live_parked SELECT shard, stream, seq FROM projections.dead_letters "
                "WHERE starts_with(shard, %s) AND outcome IS DISTINCT FROM 'rebuilt'",
                (f"{view.name}-",),
            )
            for table in [*await tables_of(connection, fresh), *([HORIZONS] if view.kept else [])]:
                await connection.execute(
                    SQL("CREATE UNLOGGED TABLE {} AS TABLE {}").format(
                        Identifier(SCRATCH, _prefix(view) + table), Identifier(live, table)
                    )
                )
    except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
        return False
    for table in await tables_of(connection, fresh):
        await connection.execute(SQL("ANALYZE {}").format(Identifier(SCRATCH, _prefix(view) + table)))
    return True


async def _fold(context: VerifyContext, view: View, fresh: str, check: Check) -> None:
    connection, client = context.servers.postgres, context.servers.client
    for shard in shards_of(view, context.servers.partitions):
        folding = ViewFolding(client, connection, shard, fresh)
        for spec in shard.inputs:
            until = await _number(
                connection,
                "SELECT coalesce(max(position), 0) FROM verify.live_positions WHERE (shard, stream) = (%s, %s)",
                (shard.name, spec.stream),
            )
            parked = await connection.execute(
                "SELECT seq FROM verify.live_parked WHERE (shard, stream) = (%s, %s)", (shard.name, spec.stream)
            )
            context.progress.step(f"folding the view {shard.name}, {spec.stream}", until)
            await folding.fold_until(
                spec,
                context.seen[spec.stream].reader,
                until,
                without=frozenset(row[0] for row in await parked.fetchall()),
                reached=context.progress.reach,
            )
        for letter in folding.parked:
            check.differs(
                f"{shard.name}: a message that cannot be folded now",
                f"{letter.stream} {letter.seq}: {letter.error}",
            )


def _prefix(view: View) -> str:
    return LIVE if view is _HISTORY else f"{LIVE}{view.name}_"


async def _let_go(connection: psycopg.AsyncConnection[Any], view: View) -> list[str]:
    rows = await connection.execute(
        SQL("SELECT community, to_char(before AT TIME ZONE 'UTC', 'YYYY-MM-DD') FROM {} ORDER BY 1").format(
            Identifier(SCRATCH, _prefix(view) + HORIZONS)
        )
    )
    return [f"{community}: {_LET_GO[view.name].format(before=before)}" for community, before in await rows.fetchall()]


async def _check_history_against_stream(context: VerifyContext, tables: StreamTables) -> None:
    """Each member event that the readers passed is in the history once, where the stream first has it."""
    connection = context.servers.postgres
    if "history" not in context.report.checks or not await _number(
        connection, "SELECT count(to_regclass('verify.live_history'))", ()
    ):
        return
    last = await _number(
        connection, "SELECT coalesce(max(position), 0) FROM verify.live_positions WHERE view = 'history'", ()
    )
    await tables.load(MEMBER_EVENTS, last)
    with context.report.check("history") as check:
        differences = await compare_tables(
            connection,
            expected=SQL(_STORED_ONCE),
            found=above_horizons(
                _HISTORY, "history", Identifier(SCRATCH, f"{LIVE}history"), Identifier(SCRATCH, LIVE + HORIZONS)
            ),
            key=("key",),
            values=("seq",),
        )
        for one in differences:
            check.found([one], "event in the history")


async def _number(connection: psycopg.AsyncConnection[Any], query: Any, parameters: tuple[Any, ...]) -> int:
    row = await (await connection.execute(query, parameters)).fetchone()
    return int(row[0]) if row else 0
