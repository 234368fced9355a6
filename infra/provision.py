"""Provisioning: streams and tables as Warmline needs them, created where they are missing and never overwritten."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from importlib import resources
from typing import Any, Final

import psycopg
from psycopg.sql import SQL, Identifier

from infra.nats_for_commands import connect_for_command
from infra.operator_error import OperatorError
from infra.rebuilding.view_renewal import renew_views
from infra.running_servers import Servers
from infra.shards import SERVICES
from infra.stream_provisioning import provision_streams
from services.ingest.feedback import FEEDBACK_SHARD
from services.ingest.polling.pollers import POLLING_SHARD
from services.notifier.service import notifier_codec
from services.projections.views import VIEWS
from services.triage.service import triage_codec
from shared.event_store.codec import EventCodec
from shared.event_store.recorder import datastore
from shared.event_store.store import PartitionStore
from shared.topology import StreamSettings
from shared.view import create_view, schema_of, shards_of

_OLDEST_POSTGRES: Final = 18
_LOCK: Final = 0x77617266  # an advisory lock's number: two provisioners at once do one thing after the other


async def provision(
    nats_url: str,
    postgres_url: str,
    partitions: int,
    settings: StreamSettings | None = None,
    *,
    apply: bool = False,
    report: Callable[[str], None] = print,
) -> None:
    """Create what is missing for ``partitions`` partitions, with streams by ``settings``.

    With ``apply``, streams that differ are changed where nothing is lost by it, and ``report`` is told of each change.
    A view that an older build made with other tables is folded anew from the streams.
    Raises OperatorError when the number of partitions or a stream's configuration is not what stands there, or the
    database is too old.
    """
    client = await connect_for_command(nats_url, "warmline provision")
    try:
        await provision_streams(client, settings or StreamSettings(), apply=apply, report=report)
    finally:
        await client.close()
    async with await psycopg.AsyncConnection.connect(postgres_url, autocommit=True) as connection:
        refuse_older_postgres(connection.info.server_version)
        await connection.execute("SELECT pg_advisory_lock(%s)", (_LOCK,))
        try:
            await _provision_database(connection, postgres_url, partitions)
            await renew_views(Servers(nats_url=nats_url, postgres_url=postgres_url), connection, report)
        finally:
            await connection.execute("SELECT pg_advisory_unlock(%s)", (_LOCK,))


def refuse_older_postgres(version: int) -> None:
    """Raise OperatorError for a server of a ``version``, as libpq numbers them, that cannot fold the views."""
    if version < _OLDEST_POSTGRES * 10_000:
        raise OperatorError(
            f"The database is PostgreSQL {version // 10_000}. Warmline needs PostgreSQL {_OLDEST_POSTGRES} or newer: "
            "upgrade the server, or point WARMLINE_POSTGRES_URL at a newer one."
        )


async def _provision_database(connection: psycopg.AsyncConnection[Any], postgres_url: str, partitions: int) -> None:
    await _fix_partitions(connection, partitions)
    kernel = resources.files("shared").joinpath("sql/kernel.sql").read_text()
    for service in SERVICES:
        await connection.execute(SQL("CREATE SCHEMA IF NOT EXISTS {}").format(Identifier(service)))
        await connection.execute(SQL(kernel).format(schema=Identifier(service)))
        await _migrate(connection, service, f"services.{service}")
    await connection.execute("CREATE SCHEMA IF NOT EXISTS auditor")
    await _migrate(connection, "auditor", "infra.audit")
    await asyncio.to_thread(_create_stores, postgres_url, partitions)
    for view in VIEWS:
        cursor = await connection.execute("SELECT to_regnamespace(%s)", (schema_of(view),))
        row = await cursor.fetchone()
        if row is None or row[0] is None:
            await create_view(connection, view, schema_of(view))
        await _add_shards(connection, "projections", [shard.name for shard in shards_of(view, partitions)])
    await _add_shards(connection, "ingest", [FEEDBACK_SHARD, POLLING_SHARD])


async def _fix_partitions(connection: psycopg.AsyncConnection[Any], partitions: int) -> None:
    await connection.execute(
        "CREATE TABLE IF NOT EXISTS public.warmline (partitions integer NOT NULL, one boolean PRIMARY KEY DEFAULT true)"
    )
    await connection.execute("INSERT INTO public.warmline VALUES (%s) ON CONFLICT DO NOTHING", (partitions,))
    cursor = await connection.execute("SELECT partitions FROM public.warmline")
    row = await cursor.fetchone()
    if row is not None and row[0] != partitions:
        raise OperatorError(
            f"This data was made with {row[0]} partitions, and {partitions} are asked for. The number is fixed for the "
            f"life of the data: set WARMLINE_PARTITIONS={row[0]}."
        )


async def _migrate(connection: psycopg.AsyncConnection[Any], schema: str, package: str) -> None:
    """Apply the package's numbered SQL files that were not applied yet, each in a transaction of its own."""
    await connection.execute(
        SQL("CREATE TABLE IF NOT EXISTS {} (file text PRIMARY KEY, applied_at timestamptz DEFAULT now())").format(
            Identifier(schema, "migrations")
        )
    )
    folder = resources.files(package).joinpath("sql")
    if not folder.is_dir():
        return
    for file in sorted((file for file in folder.iterdir() if file.name.endswith(".sql")), key=lambda file: file.name):
        async with connection.transaction():
            cursor = await connection.execute(
                SQL("INSERT INTO {} (file) VALUES (%s) ON CONFLICT DO NOTHING RETURNING 1").format(
                    Identifier(schema, "migrations")
                ),
                (file.name,),
            )
            if await cursor.fetchone() is not None:
                await connection.execute(file.read_text().encode())


def _create_stores(postgres_url: str, partitions: int) -> None:
    codecs: dict[str, EventCodec] = {"triage": triage_codec(), "notifier": notifier_codec()}
    for service, codec in codecs.items():
        with datastore(postgres_url, service, connections=1) as store:
            for partition in range(partitions):
                PartitionStore(store, partition, codec).create(str(partition))


async def _add_shards(connection: psycopg.AsyncConnection[Any], service: str, shards: list[str]) -> None:
    await connection.execute(
        SQL("INSERT INTO {} (shard) SELECT * FROM unnest(%s::text[]) ON CONFLICT DO NOTHING").format(
            Identifier(service, "shards")
        ),
        (shards,),
    )
