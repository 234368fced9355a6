"""Ingest's connections to PostgreSQL."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.errors import InvalidSchemaName, UndefinedTable
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool, PoolTimeout

from shared.event_store.errors import FencedError
from shared.event_store.recorder import Lease
from shared.postgres_liveness import RECONNECT_SECONDS

_log = structlog.get_logger()
_OPTIONS: Final = {
    "connect_timeout": 3,
    "tcp_user_timeout": 5000,
    "application_name": "warmline-ingest",
    "options": "-c statement_timeout=10s -c lock_timeout=10s -c timezone=UTC",
}
_WAIT_SECONDS: Final = 3.0


class DatabaseUnavailableError(Exception):
    """PostgreSQL does not answer. Nothing of the transaction is stored, or its outcome is unknown."""


class Database:
    """A pool of connections whose failures are told apart from mistakes."""

    def __init__(self, pool: AsyncConnectionPool[AsyncConnection[DictRow]]) -> None:
        self._pool = pool
        self.away = False
        """Whether the last transaction found no database: who has something older to go by need not wait for one."""

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncConnection[DictRow]]:
        """Give a connection in a transaction, committed at the end; raises DatabaseUnavailableError."""
        try:
            async with self._pool.connection() as connection:
                yield connection
            self.away = False
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            self.away = True
            _log.warning("postgres_unavailable", error=type(error).__name__)
            raise DatabaseUnavailableError("PostgreSQL does not answer") from error
        except (UndefinedTable, InvalidSchemaName) as error:
            _log.warning("postgres_not_provisioned", detail="the tables are missing: provisioning creates them")
            raise DatabaseUnavailableError("the tables are missing: provisioning creates them") from error

    @asynccontextmanager
    async def transaction_under(self, lease: Lease) -> AsyncIterator[AsyncConnection[DictRow]]:
        """Give a connection in a transaction during which nobody else can have ``lease``.

        Raises FencedError when another process has it now, and DatabaseUnavailableError.
        """
        async with self.transaction() as connection:
            held = await connection.execute(
                "SELECT FROM ingest.shards WHERE shard = %s AND owner = %s AND epoch = %s "
                "AND expires_at > clock_timestamp() FOR UPDATE",
                [lease.shard, lease.owner, lease.epoch],
            )
            if held.rowcount != 1:
                raise FencedError(lease.shard)
            yield connection


@asynccontextmanager
async def open_database(url: str) -> AsyncIterator[Database]:
    """Open a pool on ``url``, without waiting for PostgreSQL to answer, and close it at the end."""
    kwargs: dict[str, Any] = {**_OPTIONS, "row_factory": dict_row}
    pool = AsyncConnectionPool[AsyncConnection[DictRow]](
        url,
        kwargs=kwargs,
        min_size=1,
        max_size=8,
        timeout=_WAIT_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        check=AsyncConnectionPool.check_connection,
        open=False,
    )
    async with pool:
        yield Database(pool)
