"""How far one integrator has come, in a row that only the owner of its organisation's partition may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, LiteralString

import psycopg
from psycopg.sql import SQL, Composed

from shared.contracts.policy import Integrator
from shared.event_store.errors import FencedError
from shared.event_store.recorder import Lease

Connection = psycopg.AsyncConnection[dict[str, Any]]
_LONGEST_ERROR: Final = 500
_HELD: Final[LiteralString] = (
    " AND EXISTS (SELECT FROM notifier.shards WHERE shard = %(shard)s AND owner = %(owner)s AND epoch = %(epoch)s "
    "AND expires_at > clock_timestamp())"
)
_SAME: Final[LiteralString] = "(i.url, i.community) = (excluded.url, excluded.community)"
_OPEN: Final[LiteralString] = (
    "INSERT INTO notifier.integrators AS i (organisation, name, url, community, reader, position) "
    f"SELECT %(organisation)s, %(name)s, %(url)s, %(community)s, %(reader)s, %(last)s WHERE true{_HELD} "
    "ON CONFLICT (organisation, name) DO UPDATE SET url = excluded.url, community = excluded.community, "
    f"paused_at = CASE WHEN {_SAME} THEN i.paused_at END, tries = CASE WHEN {_SAME} THEN i.tries ELSE 0 END, "
    f"failing_since = CASE WHEN {_SAME} THEN i.failing_since END, due = CASE WHEN {_SAME} THEN i.due END, "
    "log_position = CASE WHEN i.community = excluded.community THEN i.log_position ELSE 0 END, "
    "position = CASE WHEN i.reader = excluded.reader THEN i.position ELSE 0 END, reader = excluded.reader"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where an integrator stands. ``position`` is a sequence of the stream that ``reader`` names."""

    reader: str
    position: int
    log_position: int
    tries: int
    failing_since: datetime | None
    due: datetime | None
    paused: bool


class DeliveryCursor:
    """Reads and moves one integrator's row; every change raises FencedError when the partition has another owner."""

    def __init__(self, connection: Connection, lease: Lease, organisation: str, integrator: Integrator) -> None:
        self._connection = connection
        self._lease = lease
        self._organisation = organisation
        self._integrator = integrator

    async def open(self, reader: str, last: int) -> Standing:
        """Return where the integrator stands; one that is new begins after ``last``, where ``reader`` ends now.

        Another address or community in the policy begins afresh where a pause was: somebody has seen to it. In a
        stream that was made anew everything is read, and passed over up to the position in triage's log.
        """
        await self._change(
            SQL(_OPEN).format(),
            url=self._integrator.url,
            community=self._integrator.community,
            reader=reader,
            last=last,
        )
        return await self.standing()

    async def standing(self) -> Standing:
        """Return where the integrator stands now."""
        cursor = await self._connection.execute(
            "SELECT *, paused_at IS NOT NULL AS paused FROM notifier.integrators WHERE organisation = %s AND name = %s",
            (self._organisation, self._integrator.name),
        )
        row = await cursor.fetchone()
        if row is None:
            raise FencedError(self._lease.shard)
        return Standing(**{name: row[name] for name in Standing.__slots__})

    async def delivered(self, position: int, log_position: int) -> None:
        """Note that the integrator has everything up to ``position``."""
        await self._move(
            "delivered = delivered + 1, delivered_at = clock_timestamp(), last_error = NULL", position, log_position
        )

    async def passed_over(self, position: int, log_position: int) -> None:
        """Note that what stands at ``position`` need not be delivered."""
        await self._move("last_error = last_error", position, log_position)

    async def gave_up(self, position: int, log_position: int, what: str) -> None:
        """Note that the event at ``position`` is not delivered, and why."""
        await self._move("given_up = given_up + 1, given_up_last = %(what)s", position, log_position, what=_short(what))

    async def failed(self, why: str, due: datetime) -> None:
        """Note an attempt that failed, and when the next one is."""
        await self._update(
            "tries = tries + 1, failing_since = coalesce(failing_since, clock_timestamp()), due = %(due)s, "
            "last_error = %(why)s",
            due=due,
            why=_short(why),
        )

    async def waits(self, why: str) -> None:
        """Note what is missing before anything can be delivered."""
        await self._update("last_error = %(why)s", why=_short(why))

    async def pause(self, why: str) -> None:
        """Leave the integrator alone until somebody resumes it or the policy names another address."""
        await self._update("paused_at = clock_timestamp(), last_error = %(why)s", why=_short(why))

    async def _move(self, change: LiteralString, position: int, log_position: int, **values: Any) -> None:
        await self._update(
            change + ", position = %(position)s, log_position = greatest(log_position, %(log_position)s), tries = 0, "
            "failing_since = NULL, due = NULL",
            position=position,
            log_position=log_position,
            **values,
        )

    async def _update(self, change: LiteralString, **values: Any) -> None:
        set_row = SQL("UPDATE notifier.integrators SET {} WHERE organisation = %(organisation)s AND name = %(name)s{}")
        await self._change(set_row.format(SQL(change), SQL(_HELD)), **values)

    async def _change(self, statement: Composed, **values: Any) -> None:
        lease = self._lease
        named = {
            "organisation": self._organisation,
            "name": self._integrator.name,
            "shard": lease.shard,
            "owner": lease.owner,
            "epoch": lease.epoch,
        }
        cursor = await self._connection.execute(statement, {**named, **values})
        if cursor.rowcount != 1:
            raise FencedError(lease.shard)


def _short(text: str) -> str:
    return text.replace("\0", "")[:_LONGEST_ERROR]
