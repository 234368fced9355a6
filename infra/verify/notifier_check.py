"""Check: notifier's log has no gap, its states are the fold of it, and touches, roster and inbox agree."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any, Final

import psycopg
from psycopg.sql import SQL

from infra.table_comparison import compare_tables, examples_of
from infra.verify.context import VerifyContext
from infra.verify.log_check import check_log
from infra.verify.report import Check
from infra.verify.scratch import copy_rows
from infra.verify.store_snapshot import StoreSnapshot
from infra.verify.stream_tables import StreamTables
from services.notifier.roster import RosterState
from services.notifier.service import notifier_codec
from services.notifier.touch_state import OPEN, TouchState
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES, partition_of
from shared.event_store.codec import EventCodec, UnknownStoredTypeError

_CHUNK: Final = 1000
_CREATE: Final = """
DROP TABLE IF EXISTS verify.carried, verify.loads, verify.demanded;
CREATE UNLOGGED TABLE verify.carried (
    touch text, organisation text, status text, responder text, care_load bigint, need boolean);
CREATE UNLOGGED TABLE verify.loads (organisation text, responder text, care_load bigint, touches bigint);
CREATE UNLOGGED TABLE verify.demanded (id text);
"""
_STATELESS: Final = SQL(
    "SELECT touch || ' is ' || status FROM verify.carried "
    "WHERE NOT need OR status NOT IN ('raised', 'held', 'assigned', 'claimed', 'settled', 'withdrawn') "
    "OR (status IN ('assigned', 'claimed')) <> (status NOT IN ('settled', 'withdrawn') AND responder IS NOT NULL)"
)
_CARRIED: Final = SQL(
    "(SELECT organisation, responder, sum(care_load)::bigint AS care_load, count(*) AS touches FROM verify.carried "
    "WHERE status IN ('assigned', 'claimed') AND responder IS NOT NULL GROUP BY organisation, responder)"
)
# The forms of member events that notifier reads: services/notifier/inputs.py.
_TAKEN_IN: Final = "form IN ('policy', 'care')"
_LOADS: Final = SQL("(SELECT * FROM verify.loads WHERE care_load <> 0 OR touches <> 0)")


async def check_notifier(context: VerifyContext, snapshot: StoreSnapshot, tables: StreamTables) -> None:
    """Check one partition as the snapshot has it."""
    connection, partition = context.servers.postgres, snapshot.partition
    where = f"partition {partition}"
    for stream in (MEMBER_EVENTS, TOUCHES):
        await tables.load(stream, snapshot.positions.get(stream, 0))
    with context.report.check("notifier") as check:
        await connection.execute(_CREATE)
        codec = notifier_codec()
        await check_log(context, snapshot, codec, check)
        await _take_apart(connection, codec, check, where)
        await _compare(connection, check, where)
        await _demand(context, snapshot)
        inbox = await compare_tables(
            connection,
            expected=SQL("(SELECT DISTINCT id FROM verify.demanded)"),
            found=SQL("(SELECT id FROM verify.store_inbox WHERE id NOT LIKE 'command:%')"),
            key=("id",),
            values=(),
        )
        for one in inbox:
            check.found([one], f"{where}, inbox entry")


async def _compare(connection: psycopg.AsyncConnection[Any], check: Check, where: str) -> None:
    differences = await compare_tables(
        connection,
        expected=_CARRIED,
        found=_LOADS,
        key=("organisation", "responder"),
        values=("care_load", "touches"),
    )
    for one in differences:
        check.found([one], f"{where}, a responder's load")
    check.found([await examples_of(connection, "a touch in no state", _STATELESS)], where)


async def _take_apart(connection: psycopg.AsyncConnection[Any], codec: EventCodec, check: Check, where: str) -> None:
    """Read out of the stored states who carries what, by the touches and by the rosters."""
    async for rows in _chunks(
        connection,
        "SELECT stream, state FROM verify.store_states WHERE stream > %s ORDER BY stream LIMIT %s",
        ("",),
    ):
        carried, loads = [], []
        for stream, stored in rows:
            try:
                state = codec.decode_state(stream, stored)
            except (UnknownStoredTypeError, KeyError) as error:
                check.differs(f"{where}: a state that cannot be read", f"{stream}: {error}")
                continue
            if isinstance(state, TouchState):
                organisation = state.need.organisation if state.need else None
                opened = state.status in OPEN
                responder, load = (state.responder, state.care_load) if opened else (None, 0)
                carried.append((stream, organisation, state.status, responder, load, state.need is not None))
            elif isinstance(state, RosterState):
                organisation = stream.partition(":")[2]
                loads += [(organisation, load.responder, load.care_load, load.touches) for load in state.loads]
        columns = ("touch", "organisation", "status", "responder", "care_load", "need")
        await copy_rows(connection, "carried", columns, carried)
        await copy_rows(connection, "loads", ("organisation", "responder", "care_load", "touches"), loads)


async def _demand(context: VerifyContext, snapshot: StoreSnapshot) -> None:
    """Fill ``verify.demanded`` with the identities of all that the partition must have taken in."""
    connection, partitions = context.servers.postgres, context.servers.partitions
    organisations = await connection.execute(
        "SELECT organisation FROM verify.touches WHERE organisation IS NOT NULL UNION "  # noqa: S608
        f"SELECT organisation FROM verify.member_events WHERE {_TAKEN_IN}"
    )
    own = [
        organisation
        for (organisation,) in await organisations.fetchall()
        if partition_of(organisation, partitions) == snapshot.partition
    ]
    for stream, table, wanted in (
        (TOUCHES, "touches", "true"),
        (MEMBER_EVENTS, "member_events", _TAKEN_IN),
    ):
        await connection.execute(
            f"INSERT INTO verify.demanded SELECT key FROM verify.{table} WHERE key IS NOT NULL AND {wanted} "  # noqa: S608
            "AND organisation = ANY(%s) AND seq <= %s AND seq <> ALL(%s)".encode(),
            (own, snapshot.positions.get(stream, 0), sorted(snapshot.parked.get(stream, ()))),
        )


async def _chunks(
    connection: psycopg.AsyncConnection[Any], query: str, start: tuple[Any, ...]
) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Yield the rows of ``query`` in pieces; its first parameters are the key after which a piece begins."""
    after = start
    while True:
        rows = await (await connection.execute(query.encode(), (*after, _CHUNK))).fetchall()
        if not rows:
            return
        yield rows
        after = rows[-1][: len(start)]
