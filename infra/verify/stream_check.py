"""Check: every message of the streams can be read, stands where it belongs, and comes back where it should."""

from __future__ import annotations

from typing import Final

from psycopg.sql import SQL, Identifier

from infra.shards import SERVICES
from infra.table_comparison import examples_of
from infra.verify.context import VerifyContext
from infra.verify.stream_tables import TABLES, StreamTables
from shared.contracts.subjects import MEMBER_EVENTS

_PARKED: Final = SQL("NOT EXISTS (SELECT FROM ({}) AS parked WHERE parked.stream = %s AND parked.seq = m.seq)").format(
    SQL(" UNION ALL ").join(
        SQL("SELECT stream, seq FROM {}").format(Identifier(service, "dead_letters")) for service in SERVICES
    )
)


async def check_streams(context: VerifyContext, tables: StreamTables) -> None:
    """Read the streams to where they ended at the start."""
    connection = context.servers.postgres
    with context.report.check("streams") as check:
        for stream, table in TABLES.items():
            check.compared += await tables.load(stream, context.seen[stream].last)
            query = SQL(
                "SELECT 'sequence ' || seq || ' ' || problem FROM verify.{} AS m WHERE problem IS NOT NULL AND {}"
            ).format(Identifier(table), _PARKED)
            check.found([await examples_of(connection, f"{stream}: wrong, and in no dead letters", query, (stream,))])
        doubled = await examples_of(
            connection,
            "stored more than once",
            SQL("SELECT key FROM verify.member_events WHERE key IS NOT NULL GROUP BY key HAVING count(*) > 1"),
        )
        if doubled.count:
            check.notes.append(f"{doubled.count:,} events are stored more than once in {MEMBER_EVENTS}: absorbed")
        foreign = await examples_of(
            connection, "foreign", SQL("SELECT seq::text FROM verify.member_events WHERE form = 'foreign'")
        )
        if foreign.count:
            check.notes.append(f"{foreign.count:,} messages of foreign types in {MEMBER_EVENTS}: passed over")


async def check_feedback(context: VerifyContext, position: int) -> None:
    """Every touch settled up to ``position`` in TOUCH_FACTS, which ingest had passed, came back as a member event."""
    connection = context.servers.postgres
    with context.report.check("feedback") as check:
        row = await (
            await connection.execute(
                "SELECT count(*) FROM verify.touch_facts WHERE feedback IS NOT NULL AND seq <= %s", (position,)
            )
        ).fetchone()
        check.compared += row[0] if row else 0
        missing = SQL(
            "SELECT key FROM verify.touch_facts AS f WHERE feedback IS NOT NULL AND seq <= %s AND NOT EXISTS "
            "(SELECT FROM verify.member_events AS m WHERE m.key = f.feedback)"
        )
        check.found(
            [await examples_of(connection, f"a settled touch that is not in {MEMBER_EVENTS}", missing, (position,))]
        )
