"""The auditor's eyes: connections that are kept, and looks that come to an end whatever the servers do."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Final, TypeVar

import nats.errors
import psycopg
from nats.aio.client import Client

from infra.looking.look import Away
from infra.operator_error import OperatorError
from shared.bounded_wait import end
from shared.nats_connection import nats_connection
from shared.postgres_liveness import lively_conninfo

_LOOK_SECONDS: Final = 4.0
_SETTINGS: Final = (
    "-c statement_timeout=3s -c lock_timeout=1s -c idle_in_transaction_session_timeout=10s "
    "-c default_transaction_read_only=on"
)

T = TypeVar("T")
Connection = psycopg.AsyncConnection[Any]


class DatabaseEye:
    """One connection that reads only, opened when it is needed and given up when something goes wrong with it."""

    def __init__(self, postgres_url: str, name: str) -> None:
        self._conninfo = lively_conninfo(postgres_url)
        self._name = name
        self._connection: Connection | None = None
        self._looking: asyncio.Task[Any] | None = None

    async def see(self, look: Callable[[Connection], Awaitable[T]]) -> T | Away:
        """Return what ``look`` sees, or why the database cannot be asked. Raises what else ``look`` raises."""
        if self._looking is not None and not self._looking.done():
            return _away_after("PostgreSQL")
        self._looking = asyncio.ensure_future(self._look(look))
        await asyncio.wait({self._looking}, timeout=_LOOK_SECONDS)
        if not self._looking.done():
            self._looking.cancel()
            return _away_after("PostgreSQL")
        try:
            seen: T = self._looking.result()
        except psycopg.Error as error:
            why = " ".join(str(error).split()) or type(error).__name__
            return Away(name="PostgreSQL", why=f"does not answer as it should ({why})")
        except OperatorError as error:
            return Away(name="PostgreSQL", why=str(error))
        return seen

    async def close(self) -> None:
        """Let go of the connection."""
        if self._looking is not None:
            await end(self._looking)
        await self._give_up()

    async def _look(self, look: Callable[[Connection], Awaitable[T]]) -> T:
        try:
            if self._connection is None:
                self._connection = await psycopg.AsyncConnection.connect(
                    self._conninfo, autocommit=True, application_name=self._name, options=_SETTINGS
                )
            return await look(self._connection)
        except BaseException:
            await self._give_up()
            raise

    async def _give_up(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(psycopg.Error):
                await connection.close()


class BusEye:
    """The connection to NATS, which is waited for beside the looks."""

    def __init__(self) -> None:
        self.client: Client | None = None

    async def see(self, look: Callable[[Client], Awaitable[T]]) -> T | Away:
        """Return what ``look`` sees, or why NATS cannot be asked. Raises what else ``look`` raises."""
        client = self.client
        if client is None or not client.is_connected:
            return Away(name="NATS", why="there is no connection to it")
        try:
            async with asyncio.timeout(_LOOK_SECONDS):
                return await look(client)
        except TimeoutError:
            return _away_after("NATS")
        except nats.errors.Error as error:
            return Away(name="NATS", why=f"JetStream does not answer ({str(error) or type(error).__name__})")


@asynccontextmanager
async def bus_eye(nats_url: str, name: str, connected: Callable[[Client], Awaitable[None]]) -> AsyncIterator[BusEye]:
    """Give an eye that opens when NATS answers, be it later; ``connected`` is called once then."""
    eye = BusEye()

    async def keep_open() -> None:
        async with nats_connection(nats_url, name) as client:
            await connected(client)
            eye.client = client
            await asyncio.Event().wait()

    keeping = asyncio.create_task(keep_open(), name="keep the eye on NATS open")
    try:
        yield eye
    finally:
        await end(keeping)


def _away_after(name: str) -> Away:
    return Away(name=name, why=f"does not answer within {_LOOK_SECONDS:.0f} s")
