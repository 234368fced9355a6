"""Check: a log has no gap, and its states and deadlines are the fold of it."""

from __future__ import annotations

from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.log_folding import folded, streams_of_log
from infra.table_comparison import compare_tables, examples_of
from infra.verify.context import VerifyContext
from infra.verify.report import Check
from infra.verify.scratch import copy_rows
from infra.verify.store_snapshot import StoreSnapshot
from shared.event_store.codec import EventCodec, UnknownStoredTypeError

_ALL: Final = 2**63 - 1
_CREATE: Final = """
DROP TABLE IF EXISTS verify.folded, verify.folded_deadlines;
CREATE UNLOGGED TABLE verify.folded (stream text, version bigint, state bytea, line text, rank double precision);
CREATE UNLOGGED TABLE verify.folded_deadlines (stream text, name text, due timestamptz);
"""
_GAPS: Final = SQL(
    "SELECT 'position ' || wanted FROM generate_series(1, %s::bigint) AS wanted WHERE NOT EXISTS "
    "(SELECT FROM verify.store_events WHERE notification_id = wanted) AND NOT EXISTS "
    "(SELECT FROM {} WHERE shard = %s AND wanted > lost_after AND wanted <= lost_until)"
)
_BEYOND: Final = SQL("SELECT 'position ' || notification_id FROM verify.store_events WHERE notification_id > %s")
_VERSIONS: Final = SQL(
    "SELECT originator_id || ': ' || count(*) || ' events, the last is ' || max(originator_version) "
    "FROM verify.store_events GROUP BY originator_id HAVING count(*) <> max(originator_version)"
)
_LATE_DEADLINES: Final = SQL(
    "SELECT stream || ' ' || name FROM verify.folded_deadlines JOIN verify.store_deadlines USING (stream, name) "
    "WHERE store_deadlines.due < folded_deadlines.due"
)


async def check_log(context: VerifyContext, snapshot: StoreSnapshot, codec: EventCodec, check: Check) -> None:
    """Check the partition that the snapshot holds."""
    connection, where = context.servers.postgres, f"partition {snapshot.partition}"
    gaps = _GAPS.format(Identifier(snapshot.service, "adoptions"))
    await connection.execute(_CREATE)
    check.compared += snapshot.head
    places = (snapshot.head, str(snapshot.partition))
    check.found([await examples_of(connection, "the log has a gap", gaps, places)], where)
    check.found([await examples_of(connection, "the log goes on after its head", _BEYOND, (snapshot.head,))], where)
    check.found([await examples_of(connection, "a stream has a gap", _VERSIONS)], where)
    context.progress.step(f"folding {snapshot.service}, {where}", snapshot.head)
    await _fold(context, codec, check, where)
    await _pass_over_parked(connection, snapshot)
    for name, expected, found, key, values in (
        ("state", SQL("verify.folded"), SQL("verify.store_states"), ("stream",), ("version", "state")),
        ("place in line", SQL("verify.folded"), SQL("verify.store_states"), ("stream",), ("line", "rank")),
        ("deadline", SQL("verify.folded_deadlines"), SQL("verify.store_deadlines"), ("stream", "name"), ()),
    ):
        differences = await compare_tables(connection, expected=expected, found=found, key=key, values=values)
        for one in differences:
            if name != "place in line" or one.what == "changed":
                check.found([one], f"{where}, {name}")
    check.found([await examples_of(connection, "a deadline earlier than it should be", _LATE_DEADLINES)], where)


async def _fold(context: VerifyContext, codec: EventCodec, check: Check, where: str) -> None:
    """Fold every stream's events into ``verify.folded``."""
    connection, done = context.servers.postgres, 0
    async for streams in streams_of_log(connection, SQL("verify.store_events"), after=0, until=_ALL):
        states: list[tuple[Any, ...]] = []
        deadlines: list[tuple[Any, ...]] = []
        for stream, events in streams:
            done += len(events)
            try:
                one = folded(codec, stream, events, None)
            except (UnknownStoredTypeError, KeyError) as error:
                check.differs(f"{where}: a stream that cannot be read", f"{stream}: {error}")
                continue
            states.append((stream, one.version, one.state, one.line, one.rank))
            deadlines += [(stream, deadline.name, deadline.due) for deadline in one.deadlines]
        await copy_rows(connection, "folded", ("stream", "version", "state", "line", "rank"), states)
        await copy_rows(connection, "folded_deadlines", ("stream", "name", "due"), deadlines)
        context.progress.reach(done)
    await connection.execute("ANALYZE verify.folded")


async def _pass_over_parked(connection: psycopg.AsyncConnection[Any], snapshot: StoreSnapshot) -> None:
    """Expect no deadline where the last that was set could not be fired, and was not set again."""
    for (stream, name, due), again in snapshot.parked_deadlines.items():
        if again is None:
            await connection.execute(
                "DELETE FROM verify.folded_deadlines AS f WHERE (stream, name) = (%s, %s) AND due <= %s AND NOT EXISTS "
                "(SELECT FROM verify.store_deadlines AS s WHERE (s.stream, s.name) = (f.stream, f.name))",
                (stream, name, due),
            )
