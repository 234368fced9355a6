"""Has what the policies do not keep leave the views."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import psycopg
import structlog
from psycopg.sql import SQL, Identifier

from shared.postgres_liveness import lively_conninfo

_SECONDS_BETWEEN: Final = 600.0

log = structlog.get_logger()


class LettingGo:
    """Keeps a live view as short as the policies in force say: ``let_go`` does it, in many transactions.

    Two at once do no harm: each step takes what is beyond the horizon, whoever else does. ``schemas`` are searched in
    their order, the view's own first.
    """

    def __init__(
        self,
        postgres_url: str,
        schemas: Sequence[str],
        let_go: Callable[[psycopg.AsyncConnection[Any]], Awaitable[None]],
    ) -> None:
        self._url = postgres_url
        self._schemas = schemas
        self._let_go = let_go

    async def run(self) -> None:
        """Look every few minutes, until cancelled."""
        path = SQL("SET search_path TO {}").format(SQL(", ").join(map(Identifier, self._schemas)))
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(lively_conninfo(self._url), autocommit=True) as found:
                    await found.execute(path)
                    await self._let_go(found)
            except psycopg.Error as error:
                log.warning("view.not_swept", view=self._schemas[0], error=type(error).__name__)
            await asyncio.sleep(_SECONDS_BETWEEN)
