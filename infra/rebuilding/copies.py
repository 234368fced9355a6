"""The schemas in which a copy is made, and in which the one that it replaces ends."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.undisturbed_reading import nothing_redacted

_LOCK: Final = 0x72656275  # an advisory lock's number, by name: two rebuilds would use the same schema
_DROP_TRIES: Final = 5


class Copies:
    """The schemas ``fresh`` and ``old`` for rebuilding what is called ``name``."""

    def __init__(self, connection: psycopg.AsyncConnection[Any], name: str, progress: Progress) -> None:
        self.fresh = f"rebuild_{name}"
        self.old = f"replaced_{name}"
        self._connection = connection
        self._name = name
        self._progress = progress

    @asynccontextmanager
    async def alone(self) -> AsyncIterator[None]:
        """Have both schemas to oneself, neither there; drop ``fresh`` at the end, and ``old`` when all went well.

        What is written there need not survive a power cut before it is switched. Raises OperatorError when another
        rebuild is at work.
        """
        cursor = await self._connection.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (_LOCK, self._name))
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise OperatorError(f"{self._name} is being rebuilt at this moment. Wait until that has ended.")
        try:
            await self._drop(self.fresh)
            await self._drop(self.old)
            await self._connection.execute("SET synchronous_commit = off")
            async with nothing_redacted(self._connection):
                try:
                    yield
                finally:
                    await self._drop(self.fresh)
                await self._drop(self.old)
        finally:
            with contextlib.suppress(psycopg.Error):
                await self._connection.execute("SELECT pg_advisory_unlock(%s, hashtext(%s))", (_LOCK, self._name))

    async def rename(self, schema: str, to: str) -> None:
        """Give a schema another name."""
        await self._connection.execute(SQL("ALTER SCHEMA {} RENAME TO {}").format(Identifier(schema), Identifier(to)))

    async def exists(self, schema: str) -> bool:
        """Tell whether there is such a schema."""
        row = await (await self._connection.execute("SELECT to_regnamespace(%s)", (schema,))).fetchone()
        return row is not None and row[0] is not None

    async def _drop(self, schema: str) -> None:
        """Drop a copy that nobody uses any more, waiting for a reader that still has it in hand."""
        for left in reversed(range(_DROP_TRIES)):
            try:
                async with self._connection.transaction():
                    await self._connection.execute("SET LOCAL lock_timeout = '2s'")
                    await self._connection.execute(SQL("DROP SCHEMA IF EXISTS {} CASCADE").format(Identifier(schema)))
            except psycopg.errors.LockNotAvailable:
                if not left:
                    self._progress.tell(f"{schema} is still being read; the next rebuild drops it.")
            except psycopg.OperationalError:
                if not self._connection.closed:
                    raise
                return
            else:
                return
