"""Sending one channel's notices of one partition: what is due, to whom it is still true for, within their hours."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any, Final, LiteralString
from urllib.parse import quote

import psycopg
import structlog
from psycopg.sql import SQL

from services.notifier.notices.notice import Channel, Notice
from services.notifier.notices.recipient import Occasion, Recipient
from services.notifier.policy_in_force import PolicyState
from services.notifier.streams import policy_stream, touch_stream
from services.notifier.touch_state import TouchState
from shared.bounded_wait import wait_set
from shared.crash_points import crash_point
from shared.event_store.store import PartitionStore

_POLL_SECONDS: Final = 1.0
_BATCH: Final = 100
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=10)
_LONGEST_ERROR: Final = 500

log = structlog.get_logger()

Connection = psycopg.AsyncConnection[dict[str, Any]]


class ChannelSender:
    """Sends what is due on one channel.

    Before each it is asked again whether it is still true, whom it is for by now, and whether they are within hours.
    What does not get through is tried again after growing waits, for as long as it is true.
    """

    def __init__(self, store: PartitionStore, channel: Channel, desk_url: str) -> None:
        self.channel = channel.name
        self._store = store
        self._channel = channel
        self._desk_url = desk_url.rstrip("/")
        self._wake = asyncio.Event()

    def wake(self) -> None:
        """Say that there are new notices."""
        self._wake.set()

    async def send_due(self, connection: Connection) -> None:
        """Send what is due now, then wait for the next; raises psycopg.Error or eventsourcing's PersistenceError."""
        self._wake.clear()
        cursor = await connection.execute(
            "SELECT * FROM notifier.notices WHERE partition = %s AND channel = %s AND ended_at IS NULL "
            "AND due <= clock_timestamp() ORDER BY due LIMIT %s",
            (self._store.partition, self.channel, _BATCH),
        )
        rows = await cursor.fetchall()
        for row in rows:
            await self._send(connection, row)
        if len(rows) < _BATCH:
            await wait_set(self._wake, _POLL_SECONDS)

    async def _send(self, connection: Connection, row: dict[str, Any]) -> None:
        streams = [policy_stream(row["organisation"]), touch_stream(row["touch"])]
        loaded = await asyncio.to_thread(self._store.load, streams)
        held: PolicyState = loaded[streams[0]][1]
        touch: TouchState = loaded[streams[1]][1]
        now = datetime.now(UTC)
        occasion = Occasion(kind=row["kind"], responder=row["responder"], revision=row["revision"])
        recipient = occasion.recipient(held.policy, touch, now) if held.policy else None
        if recipient is None or touch.need is None or not self._channel.reaches(recipient):
            await self._ended(connection, row, "no verified target")
        elif not occasion.holds(touch):
            await self._ended(connection, row, "no longer theirs")
        elif recipient.open_at > now:
            await self._change(connection, row, "due = %s", recipient.open_at)
        else:
            link = f"{self._desk_url}/touches/{quote(row['touch'], safe='')}"
            notice = Notice(
                kind=occasion.kind, touch=row["touch"], revision=row["revision"], urgency=touch.need.urgency, link=link
            )
            await self._try(connection, row, recipient, notice)

    async def _try(self, connection: Connection, row: dict[str, Any], recipient: Recipient, notice: Notice) -> None:
        wait = min(_FIRST_RETRY * 2 ** min(row["tries"], 10), _LONGEST_RETRY)
        # Before it is sent, so that whatever happens after cannot send it again and again.
        await self._change(connection, row, "due = clock_timestamp() + %s, tries = tries + 1", wait)
        try:
            await self._channel.send(recipient, notice)
        except Exception as error:  # noqa: BLE001 -- whatever one notice fails of must not hold up the others
            why = f"{type(error).__name__}: {error}".replace("\0", "")[:_LONGEST_ERROR]
            log.warning("notice.failed", touch=notice.touch, channel=self.channel, retry_in=str(wait), error=why)
            await self._change(connection, row, "last_error = %s", why)
        else:
            crash_point("notices.before-recording")
            await self._ended(connection, row, "sent")

    async def _ended(self, connection: Connection, row: dict[str, Any], how: str) -> None:
        await self._change(connection, row, "ended_at = clock_timestamp(), ended_as = %s", how)

    async def _change(self, connection: Connection, row: dict[str, Any], change: LiteralString, value: Any) -> None:
        await connection.execute(
            SQL("UPDATE notifier.notices SET {} WHERE touch = %s AND revision = %s AND channel = %s").format(
                SQL(change)
            ),
            (value, row["touch"], row["revision"], row["channel"]),
        )
