"""One run of the checker, from the streams to the verdict."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier

from infra.event_stores import STORES
from infra.outlets import OUTLETS
from infra.progress import Progress
from infra.running_servers import Connections
from infra.tone_plug_in_check import refuse_broken_tone_plug_in
from infra.verify.accepted_check import check_accepted, load_accepted
from infra.verify.context import VerifyContext
from infra.verify.notifier_check import check_notifier
from infra.verify.readers_check import PATIENCE_SECONDS, await_readers, check_readers
from infra.verify.relay_check import RelayCheck
from infra.verify.report import Report
from infra.verify.scratch import scratch_schema
from infra.verify.store_snapshot import take_snapshot
from infra.verify.stream_check import check_feedback, check_streams
from infra.verify.stream_tables import TABLES, StreamTables
from infra.verify.triage_check import check_triage
from infra.verify.view_check import check_views
from shared.stream_identity import StreamSeen, look_at


async def verify(
    servers: Connections, progress: Progress, *, accepted: Path | None = None, patience: float = PATIENCE_SECONDS
) -> Report:
    """Check the running system and return what was found.

    ``patience`` is for how many seconds readers that are behind are waited for. Raises OperatorError when it cannot
    check.
    """
    refuse_broken_tone_plug_in()
    connection = servers.postgres
    async with scratch_schema(connection):
        seen = {stream: await look_at(servers.client, stream) for stream in TABLES}
        context = VerifyContext(servers=servers, seen=seen, progress=progress, report=Report())
        if accepted is not None:
            await load_accepted(context, accepted)
        await await_readers(context, patience)
        # Read before the streams are: what these say was published by then must be in the streams.
        relays = await _relays(connection, seen)
        feedback = await _feedback_position(connection)
        context.seen.update({stream: await look_at(servers.client, stream) for stream in TABLES})
        tables = StreamTables(context)
        await tables.create()
        await check_streams(context, tables)
        await check_feedback(context, feedback)
        for partition in range(servers.partitions):
            snapshot = await take_snapshot(connection, "triage", partition)
            await check_triage(context, snapshot)
            await relays["triage"].check(context, snapshot)
            snapshot = await take_snapshot(connection, "notifier", partition)
            await check_notifier(context, snapshot, tables)
            await relays["notifier"].check(context, snapshot)
        await check_views(context, tables)
        if accepted is not None:
            await check_accepted(context)
        for relay in relays.values():
            await relay.finish(context)
        await check_readers(context)
    return context.report


async def _relays(connection: psycopg.AsyncConnection[Any], seen: dict[str, StreamSeen]) -> dict[str, RelayCheck]:
    relays = {}
    for service, outlet in OUTLETS.items():
        cursor = await connection.execute(
            SQL(
                "SELECT shard::integer, CASE WHEN relayed_in IN ('', %s) THEN relayed ELSE 0 END AS relayed FROM {}"
            ).format(Identifier(service, "shards")),
            (seen[outlet.stream].reader,),
        )
        relayed = dict(await cursor.fetchall())
        relays[service] = RelayCheck(service=service, codec=STORES[service].codec(), outlet=outlet, relayed=relayed)
    return relays


async def _feedback_position(connection: psycopg.AsyncConnection[Any]) -> int:
    cursor = await connection.execute("SELECT coalesce(max(position), 0) FROM ingest.feedback_positions")
    row = await cursor.fetchone()
    return int(row[0]) if row else 0
