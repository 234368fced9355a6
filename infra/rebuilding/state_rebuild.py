"""Rebuilding the states and deadlines of an event-sourced service from its own log, beside the live ones."""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.sql import SQL, Composable, Identifier, Literal

from infra.event_stores import STORES
from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.rebuilding.copies import Copies
from infra.rebuilding.deadline_arming import arm_deadlines
from infra.rebuilding.rebuilt import NEARLY, PASSES, Rebuilt
from infra.rebuilding.state_folding import StateFolding
from infra.rebuilding.taken_leases import TakenLeases, taken_leases
from infra.running_servers import Connections
from infra.table_comparison import Difference, compare_tables

_TABLES: Final = (
    ("states", ("stream",), ("version", "state", "line", "rank")),
    ("deadlines", ("stream", "name"), ("community", "due", "armed_at")),
)


class StateRebuild:
    """Rebuilds the states and deadlines of every partition of ``service``.

    The owners work on until the copy has nearly caught up with their logs. Then their leases are taken over, the rest
    is folded, the copy is compared with what stands there, and all tables change places in one transaction. Until then
    nothing of the live ones is touched, whenever it is interrupted.
    """

    def __init__(self, servers: Connections, service: str, progress: Progress) -> None:
        self._servers = servers
        self._connection = servers.postgres
        self._service = service
        self._progress = progress
        self._copies = Copies(servers.postgres, service, progress)
        self._foldings = [
            StateFolding(servers.postgres, service, partition, self._copies.fresh)
            for partition in range(servers.partitions)
        ]

    async def run(self) -> Rebuilt:
        """Rebuild the service's states; raises OperatorError when it cannot be done, with all of them as they were."""
        async with self._copies.alone():
            await self._connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(self._copies.fresh)))
            for folding in self._foldings:
                await folding.create()
            for _ in range(PASSES):
                if await self._fold("folding") < NEARLY:
                    break
            shards = [str(folding.partition) for folding in self._foldings]
            async with taken_leases(self._servers, self._service, shards) as leases:
                await self._fold("catching up")
                rows, differences = await self._compare()
                await self._switch(leases)
        return Rebuilt(rows=rows, parked=0, differences=tuple(differences))

    async def _fold(self, what: str) -> int:
        count = 0
        for folding in self._foldings:
            left = await folding.head() - folding.at
            self._progress.step(f"{self._service}: {what}, partition {folding.partition}", left)
            count += await folding.fold(self._progress.reach)
        return count

    async def _compare(self) -> tuple[int, list[Difference]]:
        rows, differences = 0, []
        for folding in self._foldings:
            n = folding.partition
            self._progress.step(f"{self._service}: comparing with the live states, partition {n}")
            await arm_deadlines(self._connection, self._service, n, self._copies.fresh)
            for table, key, values in _TABLES:
                fresh = Identifier(self._copies.fresh, f"p{n}_{table}")
                await self._connection.execute(SQL("ANALYZE {}").format(fresh))
                row = await (await self._connection.execute(SQL("SELECT count(*) FROM {}").format(fresh))).fetchone()
                rows += row[0] if row else 0
                live: Composable = Identifier(self._service, f"p{n}_{table}")
                if table == "states":
                    live = _as_compared(self._service, live, fresh)
                differences += [
                    Difference(
                        what=f"partition {n}, {table.removesuffix('s')}: {one.what}",
                        count=one.count,
                        examples=one.examples,
                    )
                    for one in await compare_tables(
                        self._connection, expected=fresh, found=live, key=key, values=values
                    )
                ]
        return rows, differences

    async def _switch(self, leases: TakenLeases) -> None:
        """Put the new tables in the live ones' place and give the leases back: all or nothing."""
        self._progress.step(f"{self._service}: switching")
        await self._connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(self._copies.old)))
        try:
            async with self._connection.transaction():
                await self._connection.execute("SET LOCAL synchronous_commit = on")
                await self._connection.execute("SET LOCAL lock_timeout = '5s'")
                # Before the leases' rows: whoever commits takes the locks in this order, too.
                await self._connection.execute(SQL("LOCK TABLE {}").format(SQL(", ").join(self._live_tables())))
                await leases.give_back(self._connection)
                for folding in self._foldings:
                    for table, _, _ in _TABLES:
                        await self._move(f"p{folding.partition}_{table}", self._service, self._copies.old)
                        await self._move(f"p{folding.partition}_{table}", self._copies.fresh, self._service)
        except psycopg.errors.LockNotAvailable as error:
            raise OperatorError(
                f"The states of {self._service} are being read by something long, such as `warmline verify`, and are "
                "as they were. Run the command again after that."
            ) from error

    def _live_tables(self) -> list[Identifier]:
        return [
            Identifier(self._service, f"p{folding.partition}_{table}")
            for folding in self._foldings
            for table, _, _ in _TABLES
        ]

    async def _move(self, table: str, schema: str, to: str) -> None:
        await self._connection.execute(
            SQL("ALTER TABLE {} SET SCHEMA {}").format(Identifier(schema, table), Identifier(to))
        )


def _as_compared(service: str, live: Composable, fresh: Composable) -> Composable:
    """Return the ``live`` states, each that may lag behind its log as it is in the ``fresh`` ones where it does."""
    return SQL(
        "(SELECT l.stream, l.line, l.rank, "
        "coalesce(f.version, l.version) AS version, coalesce(f.state, l.state) AS state FROM {} AS l LEFT JOIN {} AS f "
        "ON f.stream = l.stream AND f.version > l.version AND split_part(l.stream, ':', 1) = ANY ({}))"
    ).format(live, fresh, Literal(STORES[service].codec().lagging))
