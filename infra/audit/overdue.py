"""Deadlines that did not fire: due by their partition's clock, or by the wall where nothing is left to read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import psycopg
from psycopg.rows import class_row
from psycopg.sql import SQL, Composable, Identifier, Literal

from infra.looking.database import RELAYING, DatabaseLook
from infra.looking.look import BusLook
from infra.readers import Lag
from services.triage.community import IMPORTING_LINE
from services.triage.stream_ids import community_stream
from shared.batch_consumer import SETTLED_IN_CLUSTER

GRACE: Final = timedelta(seconds=15)
"""By so much a deadline may be late: it fires by the wall only when nothing is pending, and within a turn or two."""
GRACE_IN_CLUSTER: Final = GRACE + SETTLED_IN_CLUSTER
"""In a cluster, it is longer before nothing is known to be pending."""
STEADY_SECONDS: Final = 6.0
"""The same deadline must be the oldest for so long: where many are due at once, they fire one batch after another."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """The oldest deadline of a shard that is overdue."""

    service: str
    shard: str
    stream: str
    name: str
    due: datetime


@dataclass(slots=True)
class OverdueMemory:
    """Since when the same deadline has been the oldest that is overdue, by shard."""

    _since: dict[Overdue, float]

    def __init__(self) -> None:
        self._since = {}

    def missed(self, now: float, found: Sequence[Overdue], database: DatabaseLook, lags: Sequence[Lag]) -> list[str]:
        """Take in a look at ``now`` (seconds that only grow); return in words which deadlines did not fire."""
        self._since = {row: self._since.get(row, now) for row in found if _should_have_fired(row, database, lags)}
        return [
            f"{row.service} {row.shard}: {row.name} of {row.stream}, due {row.due:%d %b %H:%M:%S}"
            for row, since in self._since.items()
            if now - since >= STEADY_SECONDS
        ]


def grace_in(bus: BusLook) -> timedelta:
    """Return by how much a deadline may be late where the streams stand as in ``bus``."""
    replicated = any(stream.config.get("num_replicas", 1) > 1 for stream in bus.streams)
    return GRACE_IN_CLUSTER if replicated else GRACE


async def oldest_overdue(
    connection: psycopg.AsyncConnection[Any], partitions: int, grace: timedelta = GRACE
) -> list[Overdue]:
    """Return the oldest deadline of each shard that is late by ``grace``, those that an import suspends left out."""
    cursor = connection.cursor(row_factory=class_row(Overdue))
    await cursor.execute(SQL(" UNION ALL ").join(_oldest(partitions, grace)))
    return await cursor.fetchall()


def _oldest(partitions: int, grace: timedelta) -> Iterator[Composable]:
    for service in RELAYING:
        for partition in range(partitions):
            # Only triage's communities are imported; a partition holds all that concerns its communities.
            suspended = SQL("ARRAY(SELECT substr(stream, {}) FROM {} WHERE line = {})").format(
                Literal(len(community_stream("")) + 1), Identifier("triage", f"p{partition}_states"),
                Literal(IMPORTING_LINE),
            )  # fmt: skip
            # By the statement's time, which the index knows; by the clock's, every deadline would be read at each look.
            yield SQL(
                "(SELECT {service} AS service, {shard} AS shard, stream, name, due FROM {table} WHERE due < "
                "statement_timestamp() - {grace} AND community <> ALL ({suspended}) ORDER BY due, stream, name LIMIT 1)"
            ).format(
                service=Literal(service),
                shard=Literal(str(partition)),
                table=Identifier(service, f"p{partition}_deadlines"),
                grace=Literal(grace),
                suspended=suspended if service == "triage" else SQL("ARRAY[]::text[]"),
            )


def _should_have_fired(row: Overdue, database: DatabaseLook, lags: Sequence[Lag]) -> bool:
    shard = next((one for one in database.shards if (one.service, one.shard) == (row.service, row.shard)), None)
    if shard is None or not shard.owned or shard.halted:
        return False  # another alarm says why
    behind = any(lag.behind for lag in lags if (lag.reader.service, lag.reader.shard) == (row.service, row.shard))
    return not behind or row.due < shard.clock - GRACE
