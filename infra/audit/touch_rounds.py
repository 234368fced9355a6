"""Rounds over all touches in notifier's store, a page at each look, and another look at each that seemed stuck."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.audit.stuck import Surroundings, Suspicion, suspicion
from services.notifier.policy_in_force import PolicyState
from services.notifier.roster import RosterState
from services.notifier.service import notifier_codec
from services.notifier.streams import policy_stream, roster_stream
from services.notifier.touch_state import TouchState

PAGE: Final = 400
"""States in one look, most of which the database passes over as ended."""
_SUSPECTS: Final = 200

# Touches that have ended are recognised in the database, by how the codec writes them, and not sent.
_STATES: Final = SQL(
    'SELECT stream, CASE WHEN position(\'"status":"settled"\'::bytea IN state) = 0 AND '
    'position(\'"status":"withdrawn"\'::bytea IN state) = 0 THEN state END FROM ('
    "(SELECT stream, state FROM {states} WHERE stream > %(after)s AND stream < 'touch;' ORDER BY stream LIMIT %(page)s)"
    " UNION SELECT stream, state FROM {states} WHERE stream = ANY(%(again)s)) AS seen ORDER BY stream"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Suspect:
    partition: int
    suspicion: Suspicion
    since: datetime


class TouchRounds:
    """Remembers where the round has come to, and which touches seemed stuck since when."""

    def __init__(self) -> None:
        self._codec = notifier_codec()
        self._partition = 0
        self._after = "touch:"
        self._suspects: dict[str, _Suspect] = {}
        self.rounds = 0
        """How often every touch has been seen."""

    async def look(self, connection: psycopg.AsyncConnection[Any], partitions: int, now: datetime) -> list[str]:
        """Go on with the round; return in words which touches are stuck. Raises psycopg.Error."""
        left = PAGE
        visited = 0
        again = {suspect.partition for suspect in self._suspects.values()}
        while left > 0 and visited < partitions:
            partition = self._partition % partitions
            left -= await self._visit(connection, partition, now, left)
            again.discard(partition)
            visited += 1
            if self._after == "touch:":
                self._partition = (partition + 1) % partitions
                self.rounds += self._partition == 0
        for partition in again:
            await self._visit(connection, partition, now, 0)
        return [
            f"{stream.partition(':')[2]} is {one.suspicion.why}"
            for stream, one in self._suspects.items()
            if now - one.since >= one.suspicion.patience
        ]

    async def _visit(self, connection: psycopg.AsyncConnection[Any], partition: int, now: datetime, page: int) -> int:
        """Look at a page of a partition, or at none, and again at its suspects; return how many states it had."""
        suspects = [stream for stream, one in self._suspects.items() if one.partition == partition]
        # One snapshot, lest a touch be held against deadlines of a later moment.
        async with connection.transaction():
            await connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            parameters = {"after": self._after, "page": page, "again": suspects}
            cursor = await connection.execute(_STATES.format(states=_table(partition, "states")), parameters)
            rows = await cursor.fetchall()
            seen = {stream: self._codec.decode_state(stream, state) for stream, state in rows if state is not None}
            touches = {stream: touch for stream, touch in seen.items() if touch.need is not None}
            around = await self._surroundings(connection, partition, touches)
        for stream in suspects:
            if stream not in touches:
                del self._suspects[stream]
        for stream, touch in touches.items():
            self._judge(partition, stream, suspicion(stream, touch, around[touch.need.organisation], now), now)
        if page:
            in_page = [stream for stream, _ in rows if stream > self._after]
            ended = len(in_page) < page
            self._after = "touch:" if ended else in_page[page - 1]
            return len(in_page)
        return 0

    def _judge(self, partition: int, stream: str, seems: Suspicion | None, now: datetime) -> None:
        before = self._suspects.get(stream)
        if seems is None:
            self._suspects.pop(stream, None)
        elif before is not None or len(self._suspects) < _SUSPECTS:
            same = before is not None and before.suspicion == seems
            since = before.since if before is not None and same else now
            self._suspects[stream] = _Suspect(partition=partition, suspicion=seems, since=since)

    async def _surroundings(
        self, connection: psycopg.AsyncConnection[Any], partition: int, touches: dict[str, TouchState]
    ) -> dict[str, Surroundings]:
        organisations = {touch.need.organisation for touch in touches.values() if touch.need is not None}
        if not organisations:
            return {}
        rosters = {roster_stream(one) for one in organisations}
        states = await self._load(connection, partition, {*rosters, *map(policy_stream, organisations)})
        cursor = await connection.execute(
            SQL("SELECT stream, name FROM {} WHERE stream = ANY(%s)").format(_table(partition, "deadlines")),
            ([*rosters, *touches],),
        )
        deadlines = frozenset((stream, name) for stream, name in await cursor.fetchall())
        return {
            one: Surroundings(
                roster=states.get(roster_stream(one), RosterState()),
                policy=states.get(policy_stream(one), PolicyState()).policy,
                deadlines=deadlines,
            )
            for one in organisations
        }

    async def _load(
        self, connection: psycopg.AsyncConnection[Any], partition: int, streams: Iterable[str]
    ) -> dict[str, Any]:
        statement = SQL("SELECT stream, state FROM {} WHERE stream = ANY(%s)").format(_table(partition, "states"))
        rows = await (await connection.execute(statement, (list(streams),))).fetchall()
        return {stream: self._codec.decode_state(stream, state) for stream, state in rows}


def _table(partition: int, kind: str) -> Identifier:
    return Identifier("notifier", f"p{partition}_{kind}")
