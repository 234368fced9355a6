"""The checker's own schemas: made at its start, dropped at its end, or at the next start after a crash."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.operator_error import OperatorError
from infra.undisturbed_reading import nothing_redacted

SCRATCH: Final = "verify"
FRESH_TRIAGE: Final = "verify_triage"
FRESH_VIEW: Final = "verify_view_"
_LOCK: Final = 0x76657269  # an advisory lock's number: two checkers would use the same tables


@asynccontextmanager
async def scratch_schema(connection: psycopg.AsyncConnection[Any]) -> AsyncIterator[None]:
    """Have an empty schema ``verify`` until the end; raises OperatorError when another checker is at work."""
    row = await (await connection.execute("SELECT pg_try_advisory_lock(%s)", (_LOCK,))).fetchone()
    if row is None or not row[0]:
        raise OperatorError("Another `warmline verify` checks this system at this moment. Wait until it has ended.")
    try:
        # Nothing that is written here must survive a power cut.
        await connection.execute("SET synchronous_commit = off")
        async with nothing_redacted(connection):
            await _drop_all(connection)
            await connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(SCRATCH)))
            yield
    finally:
        with contextlib.suppress(psycopg.Error):
            await _drop_all(connection)
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


async def drop_schema(connection: psycopg.AsyncConnection[Any], schema: str) -> None:
    """Drop a schema with all that is in it, if it is there."""
    await connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))


async def copy_rows(
    connection: psycopg.AsyncConnection[Any], table: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Add rows to a table of the scratch schema."""
    statement = SQL("COPY {} ({}) FROM STDIN").format(
        Identifier(SCRATCH, table), SQL(", ").join(Identifier(name) for name in columns)
    )
    async with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            await copy.write_row(row)


def storable(text: str) -> str:
    """Return ``text`` as PostgreSQL can keep it, whatever stood in a message."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


async def _drop_all(connection: psycopg.AsyncConnection[Any]) -> None:
    cursor = await connection.execute(
        r"SELECT nspname FROM pg_namespace WHERE nspname = %s OR nspname LIKE %s", (SCRATCH, rf"{SCRATCH}\_%")
    )
    for (schema,) in await cursor.fetchall():
        await drop_schema(connection, schema)
