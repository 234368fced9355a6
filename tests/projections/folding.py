"""Folding messages into views as the runner does, and reading back all that they hold."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg import sql

from services.projections.history.view import HistoryView
from services.projections.queue.view import QueueView
from services.projections.views import VIEWS
from shared.delivery import Delivered
from shared.view import create_view

HISTORY_TABLES = ("communities", "playbooks", "members", "history", "by_hand", "links_told", "links", "parted", "clues")
QUEUE_TABLES = ("touches", "touch_timeline", "touch_tallies")
_numbers = itertools.count(1)


async def create_views(connection: psycopg.AsyncConnection[Any]) -> list[str]:
    """Make empty views in schemas of their own, put these in the connection's search path, and return their names."""
    number = next(_numbers)
    schemas = {view: f"copy_{number}_{view.name}" for view in VIEWS}
    for view, schema in schemas.items():
        await create_view(connection, view, schema)
    path = sql.SQL(", ").join(sql.Identifier(schema) for schema in schemas.values())
    await connection.execute(sql.SQL("SET search_path TO {}").format(path))
    return list(schemas.values())


async def fold(
    connection: psycopg.AsyncConnection[Any], view: HistoryView | QueueView, *batches: Sequence[Delivered]
) -> None:
    for batch in batches:
        async with connection.transaction():
            await view.fold(connection, batch)


async def contents(connection: psycopg.AsyncConnection[Any], tables: Sequence[str]) -> dict[str, list[Any]]:
    found: dict[str, list[Any]] = {}
    for table in tables:
        rows = await connection.execute(f"SELECT to_jsonb(t) FROM {table} t ORDER BY to_jsonb(t)::text")
        found[table] = [row for (row,) in await rows.fetchall()]
    return found
