"""Check: a fresh fold of the stream gives triage's store, byte for byte."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from datetime import timedelta
from importlib import resources
from typing import Any, Final

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Composable, Identifier

from infra.lagging_states import bring_up
from infra.stream_reading import read_stream
from infra.table_comparison import compare_tables
from infra.verify.context import VerifyContext
from infra.verify.log_check import check_log
from infra.verify.scratch import FRESH_TRIAGE, drop_schema
from infra.verify.store_snapshot import StoreSnapshot
from services.triage.service import TriageService, triage_codec
from shared.contracts.subjects import MEMBER_EVENTS
from shared.event_store.recorder import DeadlineRow, Lease, datastore
from shared.event_store.store import PartitionStore
from shared.partition.folding import Folding
from shared.partition.understanding import UnknownOwnTypeError

_LEAST: Final = timedelta(microseconds=1)
_COMPARED: Final = (
    ("events", "event", ("notification_id",), ("originator_id", "originator_version", "topic", "state")),
    ("states", "state", ("stream",), ("version", "state", "line", "rank")),
    ("deadlines", "deadline", ("stream", "name"), ("community", "due", "eligible_at")),
    ("inbox", "inbox entry", ("id",), ()),
)


async def check_triage(context: VerifyContext, snapshot: StoreSnapshot) -> None:
    """Fold the partition afresh to where the snapshot stood, and compare.

    Where some of what it was made of is gone from the stream, the log is held against itself instead.
    """
    connection, partition = context.servers.postgres, snapshot.partition
    with context.report.check("triage") as check:
        horizon = await _horizon(connection, partition)
        if horizon is not None:
            check.notes.append(f"partition {partition}: {horizon}; its log is held against itself, and not refolded")
            await check_log(context, snapshot, triage_codec(), check)
            return
        await _fresh_schema(connection)
        # What is folded here is thrown away: it need not survive a power cut.
        url = make_conninfo(context.servers.postgres_url, options="-c synchronous_commit=off")
        with datastore(url, FRESH_TRIAGE, connections=2) as database:
            store = PartitionStore(database, partition, triage_codec())
            await asyncio.to_thread(store.create, str(partition))
            try:
                await _fold(context, store, snapshot)
            except UnknownOwnTypeError as halt:
                check.differs(f"partition {partition}: the fold halts", str(halt))
                return
        states, log = (Identifier(FRESH_TRIAGE, f"p{partition}_{table}") for table in ("states", "events"))
        await bring_up(connection, triage_codec(), states=states, log=log)
        for table, name, key, values in _COMPARED:
            fresh = Identifier(FRESH_TRIAGE, f"p{partition}_{table}")
            await connection.execute(SQL("ANALYZE {}").format(fresh))
            differences = await compare_tables(
                connection,
                expected=_compared(table, fresh),
                found=_compared(table, Identifier("verify", f"store_{table}")),
                key=key,
                values=values,
            )
            for one in differences:
                check.found([one], f"partition {partition}, {name}")
        check.compared += snapshot.head
        await drop_schema(connection, FRESH_TRIAGE)


def _compared(table: str, name: Identifier) -> Composable:
    if table != "deadlines":
        return name
    # When it was armed shows only in a deadline that was past by then: as of when it will be looked at.
    return SQL("(SELECT stream, name, community, due, greatest(due, armed_at) AS eligible_at FROM {})").format(name)


async def _horizon(connection: psycopg.AsyncConnection[Any], partition: int) -> str | None:
    """Return why the partition's log cannot be made again from the stream; None where it can."""
    cursor = await connection.execute(
        "SELECT to_char(at, 'YYYY-MM-DD HH24:MI') || ', ' || why FROM triage.horizons WHERE shard = %s "
        "ORDER BY head DESC LIMIT 1",
        (str(partition),),
    )
    row = await cursor.fetchone()
    return str(row[0]) if row else None


async def _fresh_schema(connection: psycopg.AsyncConnection[Any]) -> None:
    await drop_schema(connection, FRESH_TRIAGE)
    schema = Identifier(FRESH_TRIAGE)
    kernel = resources.files("shared").joinpath("sql/kernel.sql").read_text()
    await connection.execute(SQL("CREATE SCHEMA {}").format(schema))
    await connection.execute(SQL(kernel).format(schema=schema))


async def _fold(context: VerifyContext, store: PartitionStore, snapshot: StoreSnapshot) -> None:
    partition, until = snapshot.partition, snapshot.positions.get(MEMBER_EVENTS, 0)
    lease = Lease(shard=str(partition), owner="verify", epoch=1)
    await context.servers.postgres.execute(
        SQL("UPDATE {} SET owner = 'verify', epoch = 1, expires_at = now() + interval '1000 years'").format(
            Identifier(FRESH_TRIAGE, "shards")
        )
    )
    reader = context.seen[MEMBER_EVENTS].reader
    folding = await Folding.open(store, lease, TriageService(), [reader])
    folding.firing.pass_over(snapshot.parked_deadlines)
    parked = snapshot.parked.get(MEMBER_EVENTS, frozenset())
    context.progress.step(f"folding triage, partition {partition}", until)
    subjects = (f"p.{partition}.member.>",)
    async with aclosing(read_stream(context.servers.client, MEMBER_EVENTS, subjects, after=0, until=until)) as batches:
        async for messages in batches:
            wanted = [message for message in messages if message.seq not in parked]
            if wanted:
                await folding.fold(reader, wanted)
            context.progress.reach(messages[-1].seq)
    await _fire_what_has_fired(context.servers.postgres, folding, snapshot)


async def _fire_what_has_fired(
    connection: psycopg.AsyncConnection[Any], folding: Folding, snapshot: StoreSnapshot
) -> None:
    """Fire, after the last message, the deadlines that the owner has fired by the wall clock.

    Deadlines fire in one order, so these are all before the first that still stands in the store.
    """
    latest = snapshot.taken_at + timedelta(seconds=1)
    suspended = sorted(folding.work.book.suspended)
    row = await (
        await connection.execute("SELECT min(due) FROM verify.store_deadlines WHERE community <> ALL(%s)", (suspended,))
    ).fetchone()
    first = row[0] if row else None
    clock = latest if first is None else min(latest, first - _LEAST)
    while await folding.fire(clock):
        continue
    while (deadline := await folding.firing.next_deadline()) is not None and deadline.due <= latest:
        if await _stands(connection, deadline):
            break
        await folding.fire(deadline.due, 1)


async def _stands(connection: psycopg.AsyncConnection[Any], deadline: DeadlineRow) -> bool:
    cursor = await connection.execute(
        "SELECT FROM verify.store_deadlines WHERE (stream, name, due) = (%s, %s, %s)",
        (deadline.stream, deadline.name, deadline.due),
    )
    return cursor.rowcount > 0
