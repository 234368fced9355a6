"""Connections to the database for those who read the views."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import psycopg
from psycopg import sql
from psycopg.types.json import set_json_loads
from psycopg_pool import AsyncConnectionPool

from services.projections.reading import Pool
from shared.postgres_liveness import RECONNECT_SECONDS, lively_conninfo

_STATEMENT_TIMEOUT: Final = "5s"
_SECONDS_TO_WAIT: Final = 5.0


def views_pool(postgres_url: str, schemas: Sequence[str]) -> Pool:
    """Return a closed pool whose connections find the views' tables in ``schemas`` and never write."""

    async def configure(connection: psycopg.AsyncConnection[Any]) -> None:
        set_json_loads(msgspec.json.decode, connection)  # a page of the queue holds some 150 documents
        path = sql.SQL(", ").join(sql.Identifier(schema) for schema in schemas)
        await connection.execute(sql.SQL("SET search_path TO {}").format(path))
        await connection.execute("SELECT set_config('statement_timeout', %s, false)", (_STATEMENT_TIMEOUT,))
        await connection.execute("SET default_transaction_read_only TO on")

    return AsyncConnectionPool(
        lively_conninfo(postgres_url),
        min_size=1,
        max_size=8,
        open=False,
        timeout=_SECONDS_TO_WAIT,
        reconnect_timeout=RECONNECT_SECONDS,
        configure=configure,
        check=AsyncConnectionPool.check_connection,
        kwargs={"autocommit": True},
        name="views",
    )
