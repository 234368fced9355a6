"""Connections to the servers of the running Warmline, for commands that look behind its services."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import nats.errors
import psycopg
from eventsourcing.persistence import PersistenceError
from nats.aio.client import Client

from infra.nats_for_commands import connect_for_command
from infra.operator_error import OperatorError
from infra.run_file import RunFile, running
from infra.told_secrets import told_secrets
from shared.event_store.errors import StreamReplacedError
from shared.postgres_liveness import lively_conninfo

NATS_URL: Final = "WARMLINE_NATS_URL"
POSTGRES_URL: Final = "WARMLINE_POSTGRES_URL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The addresses of both servers, with their credentials."""

    nats_url: str = field(repr=False)
    postgres_url: str = field(repr=False)


def running_servers(data: Path, environ: Mapping[str, str]) -> Servers:
    """Return the servers that the environment names, else those of the run on ``data``.

    Raises OperatorError when there are none.
    """
    if named := named_servers(environ):
        return named
    run = running_on(data)
    return Servers(nats_url=run.nats_url, postgres_url=run.postgres_url)


def named_servers(environ: Mapping[str, str]) -> Servers | None:
    """Return the servers that the environment names; raises OperatorError when it names one of the two only."""
    told = told_secrets(environ)
    nats_url, postgres_url = told.get(NATS_URL), told.get(POSTGRES_URL)
    if nats_url and postgres_url:
        return Servers(nats_url=nats_url, postgres_url=postgres_url)
    if nats_url or postgres_url:
        missing = POSTGRES_URL if nats_url else NATS_URL
        raise OperatorError(f"{missing} is not set, but its companion is: set both, or neither.")
    return None


def running_on(data: Path) -> RunFile:
    """Return the run on ``data``; raises OperatorError when there is none."""
    run = running(data)
    if run is None:
        raise OperatorError(
            f"No Warmline runs on {data.resolve()}. Start it with: warmline up. If it runs elsewhere, name its folder "
            f"with --data, or set {NATS_URL} and {POSTGRES_URL}."
        )
    return run


@dataclass(frozen=True, slots=True, kw_only=True)
class Connections:
    """Connections to both servers, and the number of partitions that the data was made with."""

    client: Client
    postgres: psycopg.AsyncConnection[Any]
    postgres_url: str = field(repr=False)
    partitions: int


@asynccontextmanager
async def connected(servers: Servers, name: str) -> AsyncIterator[Connections]:
    """Connect to both servers as ``name``.

    Raises OperatorError when one of them does not answer, now or while it is used, or when nothing is provisioned.
    """
    try:
        client = await connect_for_command(servers.nats_url, name)
        try:
            async with connected_to_postgres(servers, name) as postgres:
                yield Connections(
                    client=client,
                    postgres=postgres,
                    postgres_url=servers.postgres_url,
                    partitions=await partitions_of(postgres),
                )
        finally:
            await client.close()
    except StreamReplacedError as error:
        raise OperatorError(str(error)) from error
    except (nats.errors.Error, OSError, TimeoutError) as error:
        raise OperatorError(f"NATS does not do its part: {_said(error)}. See: warmline status") from error


@asynccontextmanager
async def connected_to_postgres(servers: Servers, name: str) -> AsyncIterator[psycopg.AsyncConnection[Any]]:
    """Connect to PostgreSQL alone; raises OperatorError when it does not answer, now or while it is used."""
    try:
        url = lively_conninfo(servers.postgres_url)
        async with await psycopg.AsyncConnection.connect(url, autocommit=True, application_name=name) as postgres:
            yield postgres
    except (psycopg.Error, PersistenceError) as error:
        raise OperatorError(f"PostgreSQL does not do its part: {_said(error)}. See: warmline status") from error


async def partitions_of(postgres: psycopg.AsyncConnection[Any]) -> int:
    """Return the number of partitions that the data was made with; raises OperatorError when there is none."""
    try:
        row = await (await postgres.execute("SELECT partitions FROM public.warmline")).fetchone()
    except psycopg.errors.UndefinedTable as error:
        raise OperatorError("This database holds no Warmline: check WARMLINE_POSTGRES_URL.") from error
    if row is None:
        raise OperatorError("This database was not provisioned to the end. Run: warmline provision")
    return int(row[0])


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
