"""Check: what a service's log holds for others is in the stream, each event once and in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import psycopg
from eventsourcing.persistence import StoredEvent
from psycopg.sql import SQL, Composed, Identifier

from infra.table_comparison import compare_tables, examples_of
from infra.verify.context import VerifyContext
from infra.verify.scratch import copy_rows
from infra.verify.store_snapshot import StoreSnapshot
from infra.verify.stream_tables import TABLES, normalised
from shared.contracts.cloudevents import decode_publication
from shared.decider_process import Outlet
from shared.event_store.codec import EventCodec, RecordedEvent

_STANDSTILL_SECONDS: Final = 10.0
_LOOK_SECONDS: Final = 0.2
_CHUNK: Final = 1000
# A retried dead letter is the same message once more: whatever else stands twice does not belong there.
_PUBLISHED: Final = SQL(
    "(SELECT * FROM {table} AS m WHERE copy_of IS NULL OR NOT EXISTS (SELECT FROM {table} AS first "
    "WHERE first.seq = m.copy_of "
    "AND (first.partition, first.position, first.key, first.subject, first.type, first.body) "
    "IS NOT DISTINCT FROM (m.partition, m.position, m.key, m.subject, m.type, m.body)))"
)


@dataclass(slots=True, kw_only=True)
class RelayCheck:
    """Checks one service's outlet. ``relayed`` is, by partition, how far the relay said at the start that it was."""

    service: str
    codec: EventCodec
    outlet: Outlet
    relayed: dict[int, int]
    _waiting: dict[int, tuple[int, int]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The name of the check."""
        return f"{self.service} relay"

    async def check(self, context: VerifyContext, snapshot: StoreSnapshot) -> None:
        """Compare one partition's log, as the snapshot has it, with the stream as it is loaded."""
        connection, partition = context.servers.postgres, snapshot.partition
        published = _PUBLISHED.format(table=Identifier("verify", TABLES[self.outlet.stream]))
        with context.report.check(self.name) as check:
            check.compared += await self._expect(connection)
            await self._expect_adopted_where_published(connection, published, partition)
            until = await self._published_until(connection, partition)
            numbers = (partition, snapshot.head)
            doubled = SQL(
                "SELECT 'position ' || position || ': sequences ' || string_agg(seq::text, ', ' ORDER BY seq) "
                "FROM {} AS p WHERE partition = %s AND position <= %s GROUP BY position HAVING count(*) > 1"
            ).format(published)
            disorder = SQL(
                "SELECT 'sequence ' || seq FROM (SELECT seq, position, lag(position) OVER (ORDER BY seq) AS before "
                "FROM {} AS p WHERE partition = %s AND position <= %s) AS p WHERE position < before"
            ).format(published)
            where = f"partition {partition}"
            check.found([await examples_of(connection, "published more than once", doubled, numbers)], where)
            check.found([await examples_of(connection, "published out of order", disorder, numbers)], where)
            check.found(
                await compare_tables(
                    connection,
                    expected=SQL("(SELECT * FROM verify.expected WHERE position <= {})").format(until),
                    found=SQL(
                        "(SELECT DISTINCT ON (position) * FROM {} AS p WHERE partition = {} AND position <= {} "
                        "ORDER BY position, seq)"
                    ).format(published, partition, snapshot.head),
                    key=("position",),
                    values=("key", "subject", "type", "body"),
                ),
                f"{where}, published event",
            )
            left = "SELECT count(*), max(position) FROM verify.expected WHERE position > %s"
            row = await _row(connection, left, until)
            if row[0]:
                self._waiting[partition] = row

    async def finish(self, context: VerifyContext) -> None:
        """Look for what no partition can have published, and wait for what was not published yet."""
        connection = context.servers.postgres
        with context.report.check(self.name) as check:
            stray = SQL(
                "SELECT 'sequence ' || seq FROM verify.{} "
                "WHERE partition IS NULL OR position IS NULL OR partition >= %s"
            ).format(Identifier(TABLES[self.outlet.stream]))
            partitions = (context.servers.partitions,)
            check.found([await examples_of(connection, "published by no partition", stray, partitions)])
            for partition, (count, position) in self._waiting.items():
                check.notes.append(f"partition {partition}: {count:,} events were not published yet")
                if not await self._moves(connection, partition, position):
                    what = f"partition {partition}: the relay stands still for {_STANDSTILL_SECONDS:.0f} s"
                    check.differs(what, f"its log goes on to {position}")

    async def _expect(self, connection: psycopg.AsyncConnection[Any]) -> int:
        """Fill ``verify.expected`` with what the copied log must have led to; return how much that is."""
        await connection.execute(
            "CREATE UNLOGGED TABLE IF NOT EXISTS verify.expected "
            "(position bigint, key text, subject text, type text, body bytea)"
        )
        await connection.execute("TRUNCATE verify.expected")
        topics = {self.codec.names[form] for form in self.outlet.public}
        count = 0
        async for rows in _public_events(connection, sorted(topics)):
            expected = []
            for position, stream, version, topic, state in rows:
                stored = StoredEvent(originator_id=stream, originator_version=version, topic=topic, state=state)
                recorded = self.codec.to_domain_event(stored)
                expected.append((position, *self._publication(recorded)))
            await copy_rows(connection, "expected", ("position", "key", "subject", "type", "body"), expected)
            count += len(expected)
        await connection.execute("ANALYZE verify.expected")
        return count

    async def _expect_adopted_where_published(
        self, connection: psycopg.AsyncConnection[Any], published: Composed, partition: int
    ) -> None:
        """Expect what a log lost and took back where the stream has it: in the log it stands behind all of that."""
        await connection.execute(
            SQL(
                "UPDATE verify.expected AS e SET position = p.position FROM {} AS a, {} AS p "
                "WHERE a.shard = %s AND e.position > a.lost_until AND e.position <= a.adopted_until "
                "AND p.partition = %s AND p.key = e.key AND p.position > a.lost_after AND p.position <= a.lost_until"
            ).format(Identifier(self.service, "adoptions"), published),
            (str(partition), partition),
        )

    def _publication(self, recorded: RecordedEvent) -> tuple[str, str, str, bytes]:
        made = self.outlet.public[type(recorded.event)](recorded)
        body = normalised(decode_publication(made.headers, made.body))
        return made.headers["ce-id"], made.subject, made.headers["ce-type"], body

    async def _published_until(self, connection: psycopg.AsyncConnection[Any], partition: int) -> int:
        query = SQL("SELECT coalesce(max(position), 0) FROM verify.{} WHERE partition = %s").format(
            Identifier(TABLES[self.outlet.stream])
        )
        row = await _row(connection, query, partition)
        return max(int(row[0]), self.relayed.get(partition, 0))

    async def _moves(self, connection: psycopg.AsyncConnection[Any], partition: int, position: int) -> bool:
        query = SQL("SELECT relayed FROM {} WHERE shard = %s").format(Identifier(self.service, "shards"))
        clock = asyncio.get_running_loop().time
        began, (start,) = clock(), await _row(connection, query, str(partition))
        while clock() - began < _STANDSTILL_SECONDS:
            (relayed,) = await _row(connection, query, str(partition))
            if relayed >= position or relayed > start:
                return True
            await asyncio.sleep(_LOOK_SECONDS)
        return False


async def _public_events(
    connection: psycopg.AsyncConnection[Any], topics: list[str]
) -> AsyncIterator[Sequence[tuple[Any, ...]]]:
    last = 0
    await connection.execute("CREATE INDEX ON verify.store_events (notification_id)")
    while True:
        cursor = await connection.execute(
            "SELECT notification_id, originator_id, originator_version, topic, state FROM verify.store_events "
            "WHERE notification_id > %s AND topic = ANY(%s) ORDER BY notification_id LIMIT %s",
            (last, topics, _CHUNK),
        )
        rows = await cursor.fetchall()
        if not rows:
            return
        yield rows
        last = rows[-1][0]


async def _row(connection: psycopg.AsyncConnection[Any], query: Any, *parameters: Any) -> tuple[Any, ...]:
    row = await (await connection.execute(query, parameters)).fetchone()
    return row or (0, 0)
