"""A restored stream is a new one to the server: what was read of it is known under its new name from then on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

_COLUMNS: Final = ("application_name", "reader", "relayed_in")
"""The columns, of whatever table, that hold the name of a stream with its identity."""


async def rename_readers(connection: psycopg.AsyncConnection[Any], names: Mapping[str, str]) -> int:
    """Give every position in a stream its new name, in one transaction; ``names`` is old to new. Return how many."""
    cursor = await connection.execute(
        "SELECT table_schema, table_name, column_name FROM information_schema.columns "
        "JOIN information_schema.tables USING (table_schema, table_name) "
        "WHERE column_name = ANY(%s) AND table_type = 'BASE TABLE' "
        "AND table_schema NOT IN ('pg_catalog', 'information_schema')",
        (list(_COLUMNS),),
    )
    columns = await cursor.fetchall()
    renamed = 0
    async with connection.transaction():
        for schema, table, column in columns:
            changed = await connection.execute(
                SQL(
                    "UPDATE {} AS t SET {} = n.new FROM unnest(%s::text[], %s::text[]) AS n (old, new) "
                    "WHERE t.{} = n.old"
                ).format(Identifier(schema, table), Identifier(column), Identifier(column)),
                (list(names), list(names.values())),
            )
            renamed += changed.rowcount
    return renamed
