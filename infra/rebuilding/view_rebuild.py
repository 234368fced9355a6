"""Rebuilding a read model beside the live one, and putting it in its place."""

from __future__ import annotations

import psycopg
from psycopg.sql import SQL, Identifier

from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.rebuilding.copies import Copies
from infra.rebuilding.rebuilt import NEARLY, PASSES, Rebuilt
from infra.rebuilding.taken_leases import TakenLeases, taken_leases
from infra.rebuilding.view_letters import ended_letters, keep_letters
from infra.running_servers import Connections
from infra.table_comparison import Difference, columns_of
from infra.view_folding import HORIZONS, ViewFolding, compare_views, count_rows, tables_of
from shared.partition.understanding import UnknownOwnTypeError
from shared.stream_identity import StreamSeen, look_at
from shared.view import View, create_view, layout_in, layout_of, positions_of, schema_of, shards_of


class ViewRebuild:
    """Rebuilds one view.

    The live copy serves and goes on being folded until the new one has nearly caught up. Then the leases are taken
    over, so that nobody writes the live one any more, the rest is folded, and both change places in one transaction.
    Until then nothing of the live view is touched, whenever it is interrupted. A message that is parked is tried
    again; one whose letter was retried or dropped is passed over, as its copy is folded, or it was given up.
    """

    def __init__(self, servers: Connections, view: View, progress: Progress) -> None:
        self._servers = servers
        self._connection = servers.postgres
        self._view = view
        self._progress = progress
        self._live = schema_of(view)
        self._copies = Copies(servers.postgres, view.name, progress)
        self._foldings = [
            ViewFolding(servers.client, servers.postgres, shard, self._copies.fresh)
            for shard in shards_of(view, servers.partitions)
        ]
        self._shards = [folding.shard.name for folding in self._foldings]
        self._ended: dict[str, dict[str, frozenset[int]]] = {}

    async def run(self) -> Rebuilt:
        """Rebuild the view; raises OperatorError when it cannot be done, with the live view as it was."""
        async with self._copies.alone():
            await create_view(self._connection, self._view, self._copies.fresh)
            self._ended = {shard: await ended_letters(self._connection, shard) for shard in self._shards}
            try:
                for _ in range(PASSES):
                    if await self._fold("folding") < NEARLY:
                        break
                async with taken_leases(self._servers, "projections", self._shards) as leases:
                    await self._fold("catching up")
                    await self._carry_horizons()
                    rows, differences = await self._compare()
                    await self._switch(leases)
            except UnknownOwnTypeError as halt:
                raise OperatorError(f"The view {self._view.name} cannot be rebuilt: {halt}") from halt
        parked = sum(len(folding.parked) for folding in self._foldings)
        return Rebuilt(rows=rows, parked=parked, differences=differences)

    async def _fold(self, what: str) -> int:
        """Fold to where the live view stands, or to the end of the stream where it cannot be told; return how much."""
        streams = {stream: await look_at(self._servers.client, stream) for stream in self._view.streams}
        count = 0
        for folding in self._foldings:
            shard = folding.shard.name
            live = await self._live_positions(shard)
            for spec in folding.shard.inputs:
                until = _target(live, streams[spec.stream])
                self._progress.step(f"{self._view.name}: {what}, {shard}, {spec.stream}", until)
                reader, without = streams[spec.stream].reader, self._ended[shard].get(spec.stream, frozenset())
                count += await folding.fold_until(spec, reader, until, without=without, reached=self._progress.reach)
        return count

    async def _live_positions(self, shard: str) -> dict[str, int] | None:
        """Return where the live view stands; None when it is damaged or not there."""
        try:
            return await positions_of(self._connection, self._live, shard)
        except (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn, psycopg.errors.InvalidSchemaName):
            return None

    async def _carry_horizons(self) -> None:
        """Have the new copy tell nothing that the live one has let go; the service deletes it there, too."""
        columns = await columns_of(self._connection, self._live, HORIZONS)
        if self._view.kept and columns:
            await self._connection.execute(
                SQL("INSERT INTO {} (community, before) SELECT community, before FROM {}").format(
                    Identifier(self._copies.fresh, HORIZONS), Identifier(self._live, HORIZONS)
                )
            )

    async def _compare(self) -> tuple[int, tuple[Difference, ...] | None]:
        if not await self._comparable():
            tables = await tables_of(self._connection, self._copies.fresh)
            return sum([await count_rows(self._connection, self._copies.fresh, table) for table in tables]), None
        self._progress.step(f"{self._view.name}: comparing with the live view")
        rows, differences = await compare_views(
            self._connection, self._view, expected=self._copies.fresh, found=self._live
        )
        return rows, tuple(differences)

    async def _comparable(self) -> bool:
        """Whether the live view has the same tables and stands at the same place."""
        if await layout_in(self._connection, self._live) != layout_of(self._view):
            return False
        for folding in self._foldings:
            live = await self._live_positions(folding.shard.name)
            if live is None or live != await positions_of(self._connection, self._copies.fresh, folding.shard.name):
                return False
        return True

    async def _switch(self, leases: TakenLeases) -> None:
        """Put the new copy in the live one's place, with its dead letters, and give the leases back: all or nothing."""
        self._progress.step(f"{self._view.name}: switching")
        async with self._connection.transaction():
            await self._connection.execute("SET LOCAL synchronous_commit = on")
            await leases.give_back(self._connection)
            if await self._copies.exists(self._live):
                await self._copies.rename(self._live, self._copies.old)
            await self._copies.rename(self._copies.fresh, self._live)
            for folding in self._foldings:
                shard = folding.shard.name
                await keep_letters(self._connection, shard, folding.parked, self._ended[shard])


def _target(live: dict[str, int] | None, seen: StreamSeen) -> int:
    stream = seen.reader.partition("@")[0]
    if live is None or any(reader.startswith(f"{stream}@") and reader != seen.reader for reader in live):
        return seen.last
    return min(live.get(seen.reader, 0), seen.last)
