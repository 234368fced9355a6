"""The kernel's tables in a database of a test's own: making them, owning shards, and reading back all they hold."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from importlib import resources
from typing import Any

import psycopg
from psycopg import sql

from shared.bounded_wait import end
from shared.event_store.codec import EventCodec
from shared.event_store.recorder import Lease, datastore
from shared.event_store.store import PartitionStore
from tests.kernel.counter import counter_codec

SCHEMA = "service"
TABLES = ("events", "tracking", "states", "inbox", "deadlines")
BLOCKED = "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%fence%'"
"""Commits that wait for another transaction to let go of the shard's row."""


@contextmanager
def stores(
    database_url: str, *, partitions: int = 1, codec: EventCodec | None = None, schema: str = SCHEMA
) -> Iterator[list[PartitionStore]]:
    """The stores of a service, empty, made as the provisioner makes them."""
    kernel = sql.SQL(resources.files("shared").joinpath("sql/kernel.sql").read_text())
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(
            sql.SQL("DROP SCHEMA IF EXISTS {0} CASCADE; CREATE SCHEMA {0}").format(sql.Identifier(schema))
        )
        connection.execute(kernel.format(schema=sql.Identifier(schema)))
    with datastore(database_url, schema, connections=2 * partitions + 2) as pool:
        made = [PartitionStore(pool, number, codec or counter_codec()) for number in range(partitions)]
        for store in made:
            store.create(str(store.partition))
        yield made


def own(
    database_url: str, shard: str = "0", owner: str = "me", *, schema: str = SCHEMA, seconds: float = 3600
) -> Lease:
    """Take a shard, whoever has it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        row = connection.execute(
            sql.SQL(
                "UPDATE {} SET owner = %s, epoch = epoch + 1, "
                "expires_at = clock_timestamp() + make_interval(secs => %s) WHERE shard = %s RETURNING epoch"
            ).format(sql.Identifier(schema, "shards")),
            (owner, seconds, shard),
        ).fetchone()
    assert row is not None
    return Lease(shard=shard, owner=owner, epoch=row[0])


def rows(database_url: str, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(database_url, autocommit=True) as connection:
        cursor = connection.execute(query.encode(), parameters or None)
        return cursor.fetchall() if cursor.description else []


def contents(database_url: str, partition: int = 0, schema: str = SCHEMA) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of a partition's tables, the dead letters and where the shard stands."""
    found = {
        name: rows(
            database_url,
            f"SELECT * FROM {schema}.p{partition}_{name} ORDER BY 1, 2"
            if name != "inbox"
            else f"SELECT * FROM {schema}.p{partition}_inbox ORDER BY 1",
        )
        for name in TABLES
    }
    found["dead_letters"] = rows(
        database_url, f"SELECT shard, stream, seq, error, tries FROM {schema}.dead_letters ORDER BY stream, seq"
    )
    found["shard"] = rows(
        database_url, f"SELECT head, commits, clock FROM {schema}.shards WHERE shard = %s", str(partition)
    )
    return found


@asynccontextmanager
async def running(*work: Any) -> AsyncIterator[list[asyncio.Task[Any]]]:
    """Run coroutines beside a test and cancel them at its end; what they raise by themselves fails the test."""
    tasks = [asyncio.ensure_future(one) for one in work]
    try:
        yield tasks
    finally:
        await end(*tasks)
        for task in tasks:
            if not task.cancelled() and task.exception() is not None:
                raise task.exception()  # type: ignore[misc]
