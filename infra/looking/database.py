"""What the database says of owners, readers, relays, processes and dead letters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from infra.dead_letters.counting import OpenLetters, open_letters
from infra.looking.outgoing import IntegratorLook, NoticesLook, look_at_integrators, look_at_notices
from infra.readers import Reader, all_readers
from infra.running_servers import partitions_of
from infra.shards import SERVICES, ShardRow, all_shards
from shared.leases import TTL_SECONDS

RELAYING: Final = ("triage", "notifier")
"""The services whose logs are passed on to a stream."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseLook:
    """The database's word at ``at``, its own clock; ``workers`` counts living processes."""

    at: datetime
    partitions: int
    shards: tuple[ShardRow, ...]
    readers: tuple[Reader, ...]
    workers: Mapping[str, int]
    letters: tuple[OpenLetters, ...]
    notices: NoticesLook
    integrators: tuple[IntegratorLook, ...]

    @property
    def dead_letters(self) -> int:
        """How many dead letters are open."""
        return sum(one.count for one in self.letters)

    def relay_backlog(self, service: str) -> int:
        """Return how many log entries of the service are not passed on yet."""
        return sum(row.head - row.relayed for row in self.shards if row.service == service)


_WORKERS: Final = SQL(" UNION ALL ").join(
    SQL(
        "SELECT {}, count(*) FILTER (WHERE seen_at > clock_timestamp() - make_interval(secs => {})), clock_timestamp() "
        "FROM {}"
    ).format(Literal(service), Literal(TTL_SECONDS), Identifier(service, "workers"))
    for service in SERVICES
)


async def look_at_database(connection: psycopg.AsyncConnection[Any]) -> DatabaseLook:
    """Return what the database says; raises psycopg.Error, or OperatorError when it holds no Warmline."""
    partitions = await partitions_of(connection)
    workers = await (await connection.execute(_WORKERS)).fetchall()
    integrators = await look_at_integrators(connection)
    return DatabaseLook(
        at=workers[0][2],
        partitions=partitions,
        shards=tuple(await all_shards(connection)),
        readers=(*await all_readers(connection, partitions), *(one.reader for one in integrators)),
        workers={service: alive for service, alive, _ in workers},
        letters=tuple(await open_letters(connection)),
        notices=await look_at_notices(connection),
        integrators=integrators,
    )
