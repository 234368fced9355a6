"""Sending one channel's notices of one partition: what is due, to whom it is still true for, within their hours."""

from __future__ import annotations

import asyncio
import contextlib
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import psycopg
import structlog

from services.notifier.availability import find, next_working_moment, within_hours
from services.notifier.notices.notice import Channel, Notice
from services.notifier.policy_in_force import PolicyState
from services.notifier.streams import policy_stream, touch_stream
from services.notifier.touch import TouchState
from shared.contracts.policy import Responder
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

    Before each it is asked again whether the touch is still the responder's and whether they are within hours. What
    does not get through is tried again after growing waits, for as long as it is true.
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
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), timeout=_POLL_SECONDS)

    async def _send(self, connection: Connection, row: dict[str, Any]) -> None:
        streams = [policy_stream(row["organisation"]), touch_stream(row["touch"])]
        loaded = await asyncio.to_thread(self._store.load, streams)
        held: PolicyState = loaded[streams[0]][1]
        touch: TouchState = loaded[streams[1]][1]
        responder = find(held.policy, row["responder"]) if held.policy else None
        now = datetime.now(UTC)
        if held.policy is None or responder is None or not self._channel.reaches(responder):
            await self._ended(connection, row, "no verified target")
        elif touch.need is None or (touch.status, touch.revision) != ("assigned", row["revision"]):
            await self._ended(connection, row, "no longer theirs")
        elif not within_hours(held.policy, responder, now):
            await self._postponed(connection, row, next_working_moment(held.policy, responder, now))
        else:
            link = f"{self._desk_url}/touches/{quote(row['touch'], safe='')}"
            notice = Notice(touch=row["touch"], revision=row["revision"], urgency=touch.need.urgency, link=link)
            await self._try(connection, row, responder, notice)

    async def _try(self, connection: Connection, row: dict[str, Any], responder: Responder, notice: Notice) -> None:
        try:
            await self._channel.send(responder, notice)
        except Exception as error:  # noqa: BLE001 -- whatever one notice fails of must not hold up the others
            wait = min(_FIRST_RETRY * 2 ** min(row["tries"], 10), _LONGEST_RETRY)
            why = f"{type(error).__name__}: {error}"[:_LONGEST_ERROR]
            log.warning("notice.failed", touch=notice.touch, channel=self.channel, retry_in=str(wait), error=why)
            await self._failed(connection, row, wait, why)
        else:
            await self._ended(connection, row, "sent")

    async def _ended(self, connection: Connection, row: dict[str, Any], how: str) -> None:
        await connection.execute(
            "UPDATE notifier.notices SET ended_at = clock_timestamp(), ended_as = %s, tries = tries + %s "
            "WHERE touch = %s AND revision = %s AND channel = %s",
            (how, how == "sent", row["touch"], row["revision"], row["channel"]),
        )

    async def _postponed(self, connection: Connection, row: dict[str, Any], due: datetime) -> None:
        await connection.execute(
            "UPDATE notifier.notices SET due = %s WHERE touch = %s AND revision = %s AND channel = %s",
            (due, row["touch"], row["revision"], row["channel"]),
        )

    async def _failed(self, connection: Connection, row: dict[str, Any], wait: timedelta, why: str) -> None:
        await connection.execute(
            "UPDATE notifier.notices SET due = clock_timestamp() + %s, tries = tries + 1, last_error = %s "
            "WHERE touch = %s AND revision = %s AND channel = %s",
            (wait, why, row["touch"], row["revision"], row["channel"]),
        )
