"""Sending one channel's notices of one partition: what is due, to whom it is still true for, within their hours."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote

import psycopg
import structlog
from opentelemetry import trace

from services.notifier.notices.notice import Channel, Notice
from services.notifier.notices.recipient import Occasion, Recipient
from services.notifier.policy_in_force import PolicyState
from services.notifier.streams import policy_stream, touch_stream
from services.notifier.touch_state import TouchState
from shared.bounded_wait import wait_set
from shared.contracts.needs_touch import trace_of
from shared.crash_points import crash_point
from shared.event_store.store import PartitionStore
from shared.telemetry.metrics import METER, WAITS, Tally
from shared.telemetry.traces import TRACEPARENT, spans_in

_PAUSE_SECONDS: Final = 1.0
_LONGEST_SECONDS: Final = 60.0
"""Should PostgreSQL's clock be set forward meanwhile."""
_MOST: Final = 100
_QUICK_SECONDS: Final = 0.1
_FIRST_RETRY: Final = timedelta(seconds=5)
_LONGEST_RETRY: Final = timedelta(minutes=10)
_LONGEST_ERROR: Final = 500
_RECORD: Final = (
    "UPDATE notifier.notices AS n SET due = coalesce(c.due, clock_timestamp() + c.wait, n.due), "
    "tries = n.tries + (c.wait IS NOT NULL)::integer, last_error = coalesce(c.error, n.last_error), "
    "ended_as = c.ended_as, ended_at = CASE WHEN c.ended_as IS NOT NULL THEN clock_timestamp() END "
    "FROM unnest(%s::text[], %s::bigint[], %s::timestamptz[], %s::interval[], %s::text[], %s::text[]) "
    "AS c (touch, revision, due, wait, error, ended_as) "
    "WHERE n.touch = c.touch AND n.revision = c.revision AND n.channel = %s"
)

_notices: Final = Tally(
    "warmline.notices", "{notice}", "Attempts to tell somebody of a touch", ("channel", "kind", "outcome")
)
_delay: Final = METER.create_histogram(
    "warmline.notice.delay",
    "s",
    "How long after the event at which the need began its responder was told",
    explicit_bucket_boundaries_advisory=WAITS,
)

log = structlog.get_logger()

Connection = psycopg.AsyncConnection[dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Change:
    """What becomes of a notice: it is ``due`` at a moment or after ``wait``, failed by ``error``, or has ended."""

    touch: str
    revision: int
    due: datetime | None = None
    wait: timedelta | None = None
    error: str | None = None
    ended_as: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Attempt:
    """A notice that is still true, for somebody who may be written to now."""

    recipient: Recipient
    notice: Notice
    since: datetime
    trace: str | None
    wait: timedelta


class ChannelSender:
    """Sends what is due on one channel.

    Before each it is asked again whether it is still true, whom it is for by now, and whether they are within hours.
    What does not get through is tried again after growing waits, for as long as it is true. Several are looked at and
    recorded together for as long as that is quick: on a slow channel, one at a time.
    """

    def __init__(self, store: PartitionStore, channel: Channel, desk_url: str) -> None:
        self.channel = channel.name
        self._store = store
        self._channel = channel
        self._desk_url = desk_url.rstrip("/")
        self._wake = asyncio.Event()
        self._together = 1

    def wake(self) -> None:
        """Say that there are new notices."""
        self._wake.set()

    async def send_due(self, connection: Connection) -> None:
        """Send what is due now, then wait for the next; raises psycopg.Error or eventsourcing's PersistenceError."""
        self._wake.clear()
        most, self._together = self._together, 1  # alone again, should any of them fail all
        cursor = await connection.execute(
            "SELECT *, extract(epoch FROM due - statement_timestamp())::float AS due_in FROM notifier.notices "
            "WHERE partition = %s AND channel = %s AND ended_at IS NULL ORDER BY due, touch, revision LIMIT %s",
            (self._store.partition, self.channel, most + 1),
        )
        open_ones = await cursor.fetchall()
        rows = [row for row in open_ones[:most] if row["due_in"] <= 0]
        if rows:
            begun = time.monotonic()
            await self._send(connection, rows)
            if time.monotonic() - begun < _QUICK_SECONDS:
                self._together = min(2 * most, _MOST)
        if len(rows) < most:
            await wait_set(self._wake, _PAUSE_SECONDS if rows else _until_due(open_ones))

    async def _send(self, connection: Connection, rows: Sequence[dict[str, Any]]) -> None:
        streams = {
            stream for row in rows for stream in (policy_stream(row["organisation"]), touch_stream(row["touch"]))
        }
        loaded = await asyncio.to_thread(self._store.load, sorted(streams))
        now = datetime.now(UTC)
        changes, attempts = [], []
        for row in rows:
            held: PolicyState = loaded[policy_stream(row["organisation"])][1]
            found = self._looked_at(row, held, loaded[touch_stream(row["touch"])][1], now)
            if isinstance(found, _Attempt):
                attempts.append(found)
                found = _Change(touch=found.notice.touch, revision=found.notice.revision, wait=found.wait)
            changes.append(found)
        # Before they are sent, so that whatever happens after cannot send them again and again.
        await self._record(connection, changes)
        tried: list[_Change] = []
        try:
            for attempt in attempts:
                tried.append(await self._try(attempt))  # noqa: PERF401 -- what was sent is kept when cancelled
        finally:
            if tried:
                crash_point("notices.before-recording")
                await self._record(connection, tried)

    def _looked_at(
        self, row: dict[str, Any], held: PolicyState, touch: TouchState, now: datetime
    ) -> _Attempt | _Change:
        """Return the attempt to make, or why there is none."""
        occasion = Occasion(kind=row["kind"], responder=row["responder"], revision=row["revision"])
        recipient = occasion.recipient(held.policy, touch, now) if held.policy else None
        if recipient is None or touch.need is None or not self._channel.reaches(recipient):
            return _Change(touch=row["touch"], revision=row["revision"], ended_as="no verified target")
        if not occasion.holds(touch):
            return _Change(touch=row["touch"], revision=row["revision"], ended_as="no longer theirs")
        if recipient.open_at > now:
            return _Change(touch=row["touch"], revision=row["revision"], due=recipient.open_at)
        link = f"{self._desk_url}/touches/{quote(row['touch'], safe='')}"
        notice = Notice(
            kind=occasion.kind, touch=row["touch"], revision=row["revision"], urgency=touch.need.urgency, link=link
        )
        wait = min(_FIRST_RETRY * 2 ** min(row["tries"], 10), _LONGEST_RETRY)
        return _Attempt(
            recipient=recipient,
            notice=notice,
            since=touch.need.since,
            trace=trace_of(touch.need.evidence),
            wait=wait,
        )

    async def _try(self, attempt: _Attempt) -> _Change:
        notice = attempt.notice
        try:
            traced = [{TRACEPARENT: attempt.trace or ""}]
            with spans_in(f"notice {self.channel}", traced, {}, trace.SpanKind.CLIENT):
                await self._channel.send(attempt.recipient, notice)
        except Exception as error:  # noqa: BLE001 -- whatever one notice fails of must not hold up the others
            why = f"{type(error).__name__}: {error}".replace("\0", "")[:_LONGEST_ERROR]
            log.warning(
                "notice.failed", touch=notice.touch, channel=self.channel, retry_in=str(attempt.wait), error=why
            )
            _notices.add((self.channel, notice.kind, "failed"))
            return _Change(touch=notice.touch, revision=notice.revision, error=why)
        _notices.add((self.channel, notice.kind, "sent"))
        if notice.kind == "assignment":
            seconds = (datetime.now(UTC) - attempt.since).total_seconds()
            _delay.record(max(0.0, seconds), {"channel": self.channel, "urgency": notice.urgency})
        return _Change(touch=notice.touch, revision=notice.revision, ended_as="sent")

    async def _record(self, connection: Connection, changes: Sequence[_Change]) -> None:
        await connection.execute(
            _RECORD,
            (
                [change.touch for change in changes],
                [change.revision for change in changes],
                [change.due for change in changes],
                [change.wait for change in changes],
                [change.error for change in changes],
                [change.ended_as for change in changes],
                self.channel,
            ),
        )


def _until_due(waiting: Sequence[dict[str, Any]]) -> float:
    """Return for how many seconds there is nothing to do; ``waiting`` has the notice that is due next, if any."""
    return min(waiting[0]["due_in"], _LONGEST_SECONDS) if waiting else _LONGEST_SECONDS
