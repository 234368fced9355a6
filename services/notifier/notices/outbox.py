"""The notices of one partition: its log followed, and each channel's sender at work beside it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Final

import psycopg
from psycopg.rows import dict_row

from services.notifier.notices.notice import Channel
from services.notifier.notices.recipient import NoticeKind
from services.notifier.notices.sending import ChannelSender, Connection
from services.notifier.outage import Outage
from shared.bounded_wait import end, once_set
from shared.contracts.touch_facts import TouchAssigned, TouchEscalated, TouchReminded
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Lease
from shared.event_store.store import PartitionStore
from shared.partition.runner import PartitionRunner
from shared.postgres_liveness import lively_conninfo

_KEPT: Final = timedelta(days=30)
"""How long it can be looked up what became of a notice."""
_FACTS: Final = (TouchAssigned, TouchReminded, TouchEscalated)
"""What somebody is told of."""
_PAUSE_SECONDS: Final = 1.0
"""More come together by the next look."""
_BATCH: Final = 500
_PASSED: Final = 1_000
"""So many entries of the log that tell nobody anything are passed over for good: else each look would read them all."""

_Told = TouchAssigned | TouchReminded | TouchEscalated


class NoticeOutbox:
    """Sends the notices of assignments, reminders and escalations.

    Every channel goes by itself, so that one that hangs delays no other.

    A notice is sent, then recorded as sent: a crash in between sends it twice, never not at all.
    """

    def __init__(self, postgres_url: str, desk_url: str, channels: Sequence[Channel], outage: Outage) -> None:
        self._outage = outage
        self._conninfo = lively_conninfo(postgres_url)
        self._desk_url = desk_url
        self._channels = tuple(channels)

    @asynccontextmanager
    async def beside(self, store: PartitionStore, runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
        """Send a partition's notices while it is owned."""
        senders = [ChannelSender(store, channel, self._desk_url) for channel in self._channels]
        grown = runner.grown()

        async def follow(connection: Connection) -> None:
            async with once_set(grown):
                facts = await self._follow(connection, store, lease)
            for sender in senders:
                sender.wake()
            if facts < _BATCH:
                await asyncio.sleep(_PAUSE_SECONDS)
            else:
                grown.set()

        turns = {f"notices {lease.shard}": follow}
        turns |= {f"notices {lease.shard} {sender.channel}": sender.send_due for sender in senders}
        tasks = [asyncio.create_task(self._keep(name, turn, lease), name=name) for name, turn in turns.items()]
        try:
            yield
        finally:
            await end(*tasks)

    async def _keep(self, name: str, turn: Callable[[Connection], Awaitable[None]], lease: Lease) -> None:
        """Take turns for ever, with a new connection after whatever goes wrong."""

        async def take_turns() -> None:
            async with await psycopg.AsyncConnection.connect(
                self._conninfo, autocommit=True, row_factory=dict_row
            ) as connection:
                self._outage.over(name)
                while True:
                    await turn(connection)
                    self._outage.over(name)

        await self._outage.keep(name, take_turns, "notices.waiting", shard=lease.shard)

    async def _follow(self, connection: Connection, store: PartitionStore, lease: Lease) -> int:
        """Turn new facts into notices and move on, in one transaction; return how many there were."""
        cursor = await connection.execute(
            "SELECT position FROM notifier.notice_cursors WHERE partition = %s", (store.partition,)
        )
        row = await cursor.fetchone()
        position = row["position"] if row else 0
        topics = [store.codec.names[form] for form in _FACTS]
        head = await asyncio.to_thread(store.head)
        notifications = await asyncio.to_thread(store.events_after, position, limit=_BATCH, topics=topics)
        if not notifications and head - position < _PASSED:
            return 0
        last = notifications[-1].id if notifications else 0
        facts: list[_Told] = [store.codec.to_domain_event(one).event for one in notifications]
        async with connection.transaction():
            held = await connection.execute(
                "SELECT FROM notifier.shards WHERE shard = %s AND owner = %s AND epoch = %s "
                "AND expires_at > clock_timestamp() FOR SHARE",
                (lease.shard, lease.owner, lease.epoch),
            )
            if held.rowcount != 1:
                raise FencedError(lease.shard)
            await self._add(connection, store, facts)
            await connection.execute(
                "DELETE FROM notifier.notices WHERE partition = %s AND ended_at < clock_timestamp() - %s",
                (store.partition, _KEPT),
            )
            await connection.execute(
                "INSERT INTO notifier.notice_cursors VALUES (%s, %s) "
                "ON CONFLICT (partition) DO UPDATE SET position = excluded.position",
                (store.partition, last if len(notifications) == _BATCH else max(head, last)),
            )
        return len(notifications)

    async def _add(self, connection: Connection, store: PartitionStore, facts: Sequence[_Told]) -> None:
        told = [(fact, channel.name) for fact in facts for channel in self._channels]
        await connection.execute(
            "INSERT INTO notifier.notices (partition, touch, revision, organisation, responder, kind, channel, due) "
            "SELECT %s, n.*, clock_timestamp() "
            "FROM unnest(%s::text[], %s::bigint[], %s::text[], %s::text[], %s::text[], %s::text[]) AS n "
            "ON CONFLICT DO NOTHING",
            (
                store.partition,
                [fact.touch for fact, _ in told],
                [fact.revision for fact, _ in told],
                [fact.organisation for fact, _ in told],
                [fact.responder for fact, _ in told],
                [_kind(fact) for fact, _ in told],
                [channel for _, channel in told],
            ),
        )


def _kind(fact: _Told) -> NoticeKind:
    if isinstance(fact, TouchReminded):
        return "reminder" if fact.to == "responder" else "escalation-reminder"
    return "escalation" if isinstance(fact, TouchEscalated) else "assignment"
