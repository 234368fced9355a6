"""How much of the bare array insert is left when events go through our event store."""

from __future__ import annotations

import asyncio
import os
import statistics
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
from eventsourcing.persistence import StoredEvent, Tracking
from eventsourcing.postgres import PostgresDatastore, PostgresProcessRecorder

from benchmarks.against.bare_loop import RECORD, TABLES
from benchmarks.meter import Meter
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.stage import Database, Stage
from services.triage.service import triage_codec
from shared.event_store.recorder import Commit, Lease, Moved, datastore
from shared.event_store.store import PartitionStore

ROW: Final = "recorder_share"
_HOW: Final = (
    "The same stored events, so many in each transaction, with the position in the same transaction. The event "
    "store also checks its lease, the log's end and the number of transactions; the last is eventsourcing's "
    "own process recorder. The bare insert gives psycopg lists, as one would write it first; the event store "
    "encodes its arrays by itself, which is quicker: what its checks cost is more than the share tells."
)
_READER: Final = "MEMBER_EVENTS@bench"
_STATE: Final = b'{"member":"m-abcdefghijklmnopqrstuvwxyz","at":"2026-11-22T12:00:00Z","evidence":"event:123456:1"}' * 2
_STREAMS: Final = 2_000

Write = Callable[[Sequence[StoredEvent]], None]


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Let each way write the same events in the same batches, with the position that they were made from."""
    size = options.size("BATCH", 500)
    count = options.size("EVENTS", 50_000)
    batches = _batches(count, size)
    ways = {"event store": _ours, "bare insert": _bare, "eventsourcing": _eventsourcing}

    def turn(way: Callable[[Database, Callable[[Write], Sample]], Sample]) -> Callable[[], Any]:
        async def measured() -> Sample:
            async with stage.database() as database:
                return await asyncio.to_thread(way, database, lambda write: _timed(stage, write, batches))

        return measured

    rounds = await interleaved({name: turn(way) for name, way in ways.items()}, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples["event store"]),
        discarded=rounds.discarded,
        sizes={"batch": size, "events": count},
        figures={"recorder": rounds.ratio("event store", "bare insert")},
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


def _batches(count: int, size: int) -> list[list[StoredEvent]]:
    events = [
        StoredEvent(
            originator_id=f"member:community-0:m-{number % _STREAMS:026d}",
            originator_version=number // _STREAMS + 1,
            topic="triage.MemberSeen",
            state=_STATE,
        )
        for number in range(count)
    ]
    return [events[start : start + size] for start in range(0, count, size)]


def _timed(stage: Stage, write: Write, batches: Sequence[Sequence[StoredEvent]]) -> Sample:
    pids = (os.getpid(), *stage.server_pids)
    warm = len(batches) // 5
    for batch in batches[:warm]:
        write(batch)
    times = []
    meter = Meter(pids)
    for batch in batches[warm:]:
        start = time.perf_counter()
        write(batch)
        times.append(time.perf_counter() - start)
    # By the median batch: a checkpoint or a vacuum hits one way in one round, and another in another.
    return meter.sample(sum(len(batch) for batch in batches[warm:]), seconds=statistics.median(times) * len(times))


def _ours(database: Database, timed: Callable[[Write], Sample]) -> Sample:
    with (
        psycopg.connect(database.url, autocommit=True) as connection,
        datastore(database.url, "triage", connections=1) as pool,
    ):
        connection.execute(
            "UPDATE triage.shards SET owner = 'bench', epoch = 1, expires_at = clock_timestamp() + interval '1 hour' "
            "WHERE shard = '0'"
        )
        lease = Lease(shard="0", owner="bench", epoch=1)
        store = PartitionStore(pool, 0, triage_codec())
        opened = store.open(lease, [_READER])
        head, commits, clock = opened.head, opened.commits, datetime.now(UTC)

        def write(events: Sequence[StoredEvent]) -> None:
            nonlocal head, commits
            moved = Moved(reader=_READER, expected=head, position=head + len(events))
            store.commit(lease, Commit(head=head, commits=commits, clock=clock, moved=moved, events=tuple(events)))
            head, commits = head + len(events), commits + 1

        return timed(write)


def _bare(database: Database, timed: Callable[[Write], Sample]) -> Sample:
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(TABLES.encode())
        head = 0

        def write(events: Sequence[StoredEvent]) -> None:
            nonlocal head
            connection.execute(
                RECORD,
                {
                    "stream": [event.originator_id for event in events],
                    "version": [event.originator_version for event in events],
                    "topic": [event.topic for event in events],
                    "state": [event.state for event in events],
                    "head": head,
                    "expected": head,
                    "position": head + len(events),
                },
            )
            head += len(events)

        return timed(write)


def _eventsourcing(database: Database, timed: Callable[[Write], Sample]) -> Sample:
    info = psycopg.conninfo.conninfo_to_dict(database.url)
    with PostgresDatastore(
        dbname=str(info["dbname"]),
        host=str(info["host"]),
        port=str(info["port"]),
        user=str(info["user"]),
        password=str(info["password"]),
        originator_id_type="text",
    ) as pool:
        recorder = PostgresProcessRecorder(pool, events_table_name="theirs", tracking_table_name="theirs_tracking")
        recorder.create_table()
        head = 0

        def write(events: Sequence[StoredEvent]) -> None:
            nonlocal head
            head += len(events)
            recorder.insert_events(list(events), tracking=Tracking(application_name=_READER, notification_id=head))

        return timed(write)
