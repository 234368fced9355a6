"""The notices of one partition: follows its log, and sends what is due, within the responder's hours."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import aiosmtplib
import psycopg
import structlog
from psycopg.rows import dict_row

from services.notifier.availability import find, next_working_moment, within_hours
from services.notifier.notices.notice import Channel, Notice
from services.notifier.roster import RosterState
from services.notifier.service import roster_stream, touch_stream
from services.notifier.touch import TouchState
from shared.contracts.policy import Responder
from shared.contracts.touch_facts import TouchAssigned
from shared.event_store.recorder import Lease
from shared.event_store.store import FencedError, PartitionStore
from shared.partition.runner import PartitionRunner

_POLL_SECONDS: Final = 1.0
_BATCH: Final = 100
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(hours=1)

log = structlog.get_logger()

Connection = psycopg.AsyncConnection[dict[str, Any]]


class NoticeOutbox:
    """Sends each assignment's notices.

    A notice is sent, then recorded as sent: a crash in between sends it twice, never not at all. Before sending it is
    asked again whether the touch is still the responder's and whether they are within hours.
    """

    def __init__(self, postgres_url: str, desk_url: str, channels: Sequence[Channel]) -> None:
        self._url = postgres_url
        self._desk_url = desk_url.rstrip("/")
        self._channels = {channel.name: channel for channel in channels}

    @asynccontextmanager
    async def beside(self, store: PartitionStore, _runner: PartitionRunner, lease: Lease) -> AsyncIterator[None]:
        """Send a partition's notices while it is owned."""
        task = asyncio.create_task(self._run(store, lease), name=f"notices {lease.shard}")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait({task})  # not awaited itself: its cancellation must not be taken for ours

    async def _run(self, store: PartitionStore, lease: Lease) -> None:
        while True:
            try:
                connection = await psycopg.AsyncConnection.connect(
                    self._url, autocommit=True, row_factory=dict_row, connect_timeout=5
                )
                async with connection:
                    while True:
                        await self._follow(connection, store, lease)
                        await self._send_due(connection, store)
                        await asyncio.sleep(_POLL_SECONDS)
            except FencedError:
                return
            except Exception:
                log.exception("notices.waiting", shard=lease.shard)
                await asyncio.sleep(_POLL_SECONDS)

    async def _follow(self, connection: Connection, store: PartitionStore, lease: Lease) -> None:
        """Turn new assignments into notices, and move on in the same transaction."""
        cursor = await connection.execute(
            "SELECT position FROM notifier.notice_cursors WHERE partition = %s", (store.partition,)
        )
        row = await cursor.fetchone()
        position = row["position"] if row else 0
        topic = store.codec.names[TouchAssigned]
        notifications = await asyncio.to_thread(store.events_after, position, limit=_BATCH, topics=[topic])
        if not notifications:
            return
        async with connection.transaction():
            held = await connection.execute(
                "SELECT FROM notifier.shards WHERE shard = %s AND owner = %s AND epoch = %s "
                "AND expires_at > clock_timestamp() FOR SHARE",
                (lease.shard, lease.owner, lease.epoch),
            )
            if held.rowcount != 1:
                raise FencedError(lease.shard)
            for notification in notifications:
                fact: TouchAssigned = store.codec.to_domain_event(notification).event
                await self._add(connection, store, fact)
            await connection.execute(
                "INSERT INTO notifier.notice_cursors VALUES (%s, %s) "
                "ON CONFLICT (partition) DO UPDATE SET position = excluded.position",
                (store.partition, notifications[-1].id),
            )

    async def _add(self, connection: Connection, store: PartitionStore, fact: TouchAssigned) -> None:
        for channel in self._channels:
            await connection.execute(
                "INSERT INTO notifier.notices (partition, touch, revision, organisation, responder, channel, due) "
                "VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                (store.partition, fact.touch, fact.revision, fact.organisation, fact.responder, channel, fact.at),
            )

    async def _send_due(self, connection: Connection, store: PartitionStore) -> None:
        cursor = await connection.execute(
            "SELECT * FROM notifier.notices WHERE partition = %s AND ended_at IS NULL AND due <= clock_timestamp() "
            "ORDER BY due LIMIT %s",
            (store.partition, _BATCH),
        )
        for row in await cursor.fetchall():
            await self._send(connection, store, row)

    async def _send(self, connection: Connection, store: PartitionStore, row: dict[str, Any]) -> None:
        streams = [roster_stream(row["organisation"]), touch_stream(row["touch"])]
        loaded = await asyncio.to_thread(store.load, streams)
        roster: RosterState = loaded[streams[0]][1]
        touch: TouchState = loaded[streams[1]][1]
        responder = find(roster.policy, row["responder"]) if roster.policy else None
        channel = self._channels.get(row["channel"])
        now = datetime.now(UTC)
        if roster.policy is None or responder is None or channel is None or not channel.reaches(responder):
            await self._ended(connection, row, "no verified target")
        elif touch.need is None or touch.status != "assigned" or touch.responder != row["responder"]:
            await self._ended(connection, row, "no longer theirs")
        elif not within_hours(roster.policy, responder, now):
            await self._postponed(connection, row, next_working_moment(roster.policy, responder, now), None)
        else:
            notice = Notice(
                touch=row["touch"], urgency=touch.need.urgency, link=f"{self._desk_url}/touches/{row['touch']}"
            )
            await self._try(connection, row, channel, responder, notice)

    async def _try(
        self, connection: Connection, row: dict[str, Any], channel: Channel, responder: Responder, notice: Notice
    ) -> None:
        try:
            await channel.send(responder, notice)
        except (OSError, aiosmtplib.SMTPException) as error:
            wait = min(_FIRST_RETRY * 2 ** row["tries"], _LONGEST_RETRY)
            log.warning(
                "notice.failed", touch=row["touch"], channel=row["channel"], retry_in=str(wait), error=str(error)
            )
            await self._postponed(connection, row, datetime.now(UTC) + wait, f"{type(error).__name__}: {error}")
        else:
            await self._ended(connection, row, "sent")

    async def _ended(self, connection: Connection, row: dict[str, Any], how: str) -> None:
        await connection.execute(
            "UPDATE notifier.notices SET ended_at = clock_timestamp(), ended_as = %s, tries = tries + 1 "
            "WHERE touch = %s AND revision = %s AND channel = %s",
            (how, row["touch"], row["revision"], row["channel"]),
        )

    async def _postponed(self, connection: Connection, row: dict[str, Any], due: datetime, error: str | None) -> None:
        await connection.execute(
            "UPDATE notifier.notices SET due = %s, tries = tries + %s, last_error = %s "
            "WHERE touch = %s AND revision = %s AND channel = %s",
            (due, 1 if error else 0, error, row["touch"], row["revision"], row["channel"]),
        )
