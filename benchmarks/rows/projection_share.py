"""How much of the bare upsert is left when events become history and touches become the queue."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from benchmarks.against.bare_upsert import POSITION, BareUpsert
from benchmarks.meter import Meter
from benchmarks.options import Options
from benchmarks.results import RowResult, Sample, contestant
from benchmarks.rounds import interleaved
from benchmarks.stage import Stage
from benchmarks.touches import needs
from benchmarks.workload import member_events
from services.projections.history import rows as history_rows
from services.projections.history.view import HistoryView
from services.projections.queue import rows as queue_rows
from services.projections.queue.view import QueueView
from shared.contracts.cloudevents import encode_member_event, publication
from shared.contracts.subjects import MEMBER_EVENTS, TOUCHES, needs_touch_subject
from shared.delivery import Message
from shared.event_store.recorder import Lease
from shared.view import View, ViewShard
from shared.view_writer import ViewWriter, decoded

ROW: Final = "projection_share"
_HOW: Final = (
    "Decoding included on both sides. The bare upsert writes the same columns of one table with a primary key "
    "alone; the views keep their indexes, members, timelines and what an edit rewrites. The bare upsert gives psycopg "
    "lists, as one would write it first; the views encode their arrays by themselves, which is quicker."
)
_READER: Final = "bench"
_TAKE_LEASE: Final = (
    "UPDATE projections.shards SET owner = %(owner)s, epoch = 1, expires_at = clock_timestamp() + interval '1 hour' "
    "WHERE shard = %(shard)s"
)

Batches = Sequence[Sequence[Message]]


async def run(stage: Stage, options: Options, report: Callable[[str], None]) -> RowResult:
    """Fold the same batches by the view, with its position, and by one upsert of the same rows."""
    size = options.size("BATCH", 500)
    count = options.size("EVENTS", 20_000)
    history, queue = _in_batches(_history(count), size), _in_batches(_queue(count), size)
    ways = {
        "history": lambda: _folded(stage, HistoryView(), history),
        "history, bare": lambda: _upserted(stage, history_rows.HistoryRow, history, _history_row),
        "queue": lambda: _folded(stage, QueueView(), queue),
        "queue, bare": lambda: _upserted(stage, queue_rows.NeedRow, queue, lambda m: queue_rows.need_row(m.event)),
    }
    rounds = await interleaved(ways, options.rounds, stage.data, report)
    return RowResult(
        row=ROW,
        at=datetime.now(UTC),
        rounds=len(rounds.samples["history"]),
        discarded=rounds.discarded,
        sizes={"batch": size, "events": count},
        figures={
            "history-projection": rounds.ratio("history", "history, bare"),
            "queue-projection": rounds.ratio("queue", "queue, bare"),
        },
        contestants=tuple(contestant(name, samples) for name, samples in rounds.samples.items()),
        notes=(_HOW,),
    )


def _history(count: int) -> list[Message]:
    return [
        message(MEMBER_EVENTS, seq, None, encode_member_event(event))
        for seq, event in enumerate(member_events(count), start=1)
    ]


def _queue(count: int) -> list[Message]:
    sent = []
    for seq, need in enumerate(needs(count), start=1):
        subject = needs_touch_subject(need.community, need.segment, need.reason)
        made = publication(subject, need, event_id=f"t:{seq}", source="/bench", time=need.raised_at, extensions={})
        sent.append(message(TOUCHES, seq, made.headers, made.body))
    return sent


def message(stream: str, seq: int, headers: dict[str, str] | None, body: bytes) -> Message:
    """Return a message as a reader gets it."""
    stored = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(milliseconds=seq)
    return Message(stream=stream, seq=seq, stored=stored, subject="bench", headers=headers, body=body)


def _history_row(message: Any) -> history_rows.HistoryRow:
    return history_rows.history_row(message.event, message.event.data, message.seq, message.key)


def _in_batches(messages: Sequence[Message], size: int) -> Batches:
    return [messages[start : start + size] for start in range(0, len(messages), size)]


async def _folded(stage: Stage, view: View, batches: Batches) -> Sample:
    shard = ViewShard(view=view, partition=0)
    lease = Lease(shard=shard.name, owner="bench", epoch=1)
    async with stage.database() as database:
        await database.connection.execute(_TAKE_LEASE, {"shard": shard.name, "owner": lease.owner})
        writer = ViewWriter(database.connection, "projections", lease, shard)
        await writer.open({_READER: 0})

        async def fold(batch: Sequence[Message]) -> None:
            await writer.fold(_READER, batch)

        return await _timed(stage, batches, fold)


async def _upserted(stage: Stage, form: type[Any], batches: Batches, row_of: Callable[[Any], Any]) -> Sample:
    async with stage.database() as database:
        bare = BareUpsert(form)
        await database.connection.execute(POSITION)
        await database.connection.execute(bare.ddl)
        position = 0

        async def fold(batch: Sequence[Message]) -> None:
            nonlocal position
            position = await bare.write(database.connection, [row_of(message) for message in decoded(batch)], position)

        return await _timed(stage, batches, fold)


async def _timed(stage: Stage, batches: Batches, fold: Callable[[Sequence[Message]], Awaitable[None]]) -> Sample:
    pids = (os.getpid(), *stage.server_pids)
    warm = len(batches) // 5
    for batch in batches[:warm]:
        await fold(batch)
    meter = Meter(pids)
    for batch in batches[warm:]:
        await fold(batch)
    return meter.sample(sum(len(batch) for batch in batches[warm:]))
