"""Comparing two tables in the database, however large they are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Composable, Identifier

EXAMPLES: Final = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """So many rows that differ in one way, and some of them."""

    what: str
    count: int
    examples: tuple[str, ...]


async def compare_tables(
    connection: psycopg.AsyncConnection[Any],
    *,
    expected: Composable,
    found: Composable,
    key: Sequence[str],
    values: Sequence[str],
) -> list[Difference]:
    """Return how the rows of ``found`` differ from those ``expected``: missing, not expected or changed.

    Both are tables or queries in parentheses; ``key`` names a row in either, ``values`` are the columns compared.
    """
    e, f = SQL("e."), SQL("f.")
    keys = [Identifier(name) for name in key]
    columns = [Identifier(name) for name in values]
    changed = SQL(", ").join(
        SQL("CASE WHEN {} IS DISTINCT FROM {} THEN {} END").format(e + column, f + column, name)
        for column, name in zip(columns, values, strict=True)
    )
    query = SQL(
        "WITH differing AS MATERIALIZED ("
        "  SELECT CASE WHEN {f_first} IS NULL THEN 'missing' WHEN {e_first} IS NULL THEN 'not expected'"
        "    ELSE 'changed' END AS what, {keys}, concat_ws(', ', {changed}) AS changed"
        "  FROM {expected} AS e FULL JOIN {found} AS f ON {same_key}"
        "  WHERE {e_first} IS NULL OR {f_first} IS NULL OR {any_changed}"
        "), numbered AS ("
        "  SELECT what, concat_ws(' ', {names}) AS name, changed, count(*) OVER (PARTITION BY what) AS count,"
        "    row_number() OVER (PARTITION BY what ORDER BY {names}) AS number FROM differing"
        ") SELECT what, count, name, changed FROM numbered WHERE number <= {most} ORDER BY what, number"
    ).format(
        e_first=e + keys[0],
        f_first=f + keys[0],
        keys=SQL(", ").join(SQL("coalesce({}, {}) AS {}").format(e + name, f + name, name) for name in keys),
        changed=changed if columns else SQL("NULL"),
        expected=expected,
        found=found,
        same_key=SQL(" AND ").join(SQL("{} = {}").format(e + name, f + name) for name in keys),
        any_changed=SQL(" OR ").join(SQL("{} IS DISTINCT FROM {}").format(e + column, f + column) for column in columns)
        if columns
        else SQL("false"),
        names=SQL(", ").join(keys),
        most=EXAMPLES,
    )
    rows = await (await connection.execute(query)).fetchall()
    counts = {what: count for what, count, _, _ in rows}
    return [
        Difference(
            what=what,
            count=count,
            examples=tuple(
                f"{name} ({changed})" if what == "changed" else name for kind, _, name, changed in rows if kind == what
            ),
        )
        for what, count in counts.items()
    ]


async def examples_of(
    connection: psycopg.AsyncConnection[Any], what: str, query: Composable, parameters: Sequence[Any] = ()
) -> Difference:
    """Return how many rows ``query`` has, with some of them; its only column is the text of an example."""
    statement = SQL("SELECT count(*) OVER (), example FROM ({}) AS found (example) LIMIT {}").format(query, EXAMPLES)
    rows = await (await connection.execute(statement, parameters)).fetchall()
    return Difference(what=what, count=rows[0][0] if rows else 0, examples=tuple(str(row[1]) for row in rows))


async def columns_of(connection: psycopg.AsyncConnection[Any], schema: str, table: str) -> list[str]:
    """Return the columns of a table in order; none when there is no such table."""
    cursor = await connection.execute(
        "SELECT column_name FROM information_schema.columns WHERE table_schema = %s AND table_name = %s "
        "ORDER BY ordinal_position",
        (schema, table),
    )
    return [row[0] for row in await cursor.fetchall()]


async def primary_key_of(connection: psycopg.AsyncConnection[Any], schema: str, table: str) -> list[str]:
    """Return the columns of a table's primary key."""
    cursor = await connection.execute(
        "SELECT a.attname FROM pg_index i JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey) "
        "WHERE i.indisprimary AND i.indrelid = to_regclass(format('%%I.%%I', %s::text, %s::text)) ORDER BY a.attnum",
        (schema, table),
    )
    return [row[0] for row in await cursor.fetchall()]
