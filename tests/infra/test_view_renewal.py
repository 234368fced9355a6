"""An installation whose views an older build made: provisioning folds them anew, and nothing is folded before."""

from __future__ import annotations

from typing import Any

import psycopg
from nats.aio.client import Client

from infra.provision import provision
from infra.rebuilding.view_rebuild import ViewRebuild
from infra.running_servers import Connections
from services.projections.history.queries import history_page
from services.projections.history.view import HistoryView
from shared.contracts.names import member_key
from shared.contracts.subjects import MEMBER_EVENTS
from shared.publisher import DurablePublisher
from shared.stream_identity import reader_of
from shared.topology import GIB, StreamSettings
from shared.view import ViewShard, layout_in, layout_of, schema_of
from shared.view_runner import ViewRunner
from tests.kernel import kernel_tables
from tests.kernel.counter import outgoing, post
from tests.kernel.kernel_tables import own, running
from tests.waiting import until_async

VIEW = HistoryView()
SCHEMA = schema_of(VIEW)
HALTED = "SELECT halted FROM projections.shards WHERE shard = 'history-0'"


async def rows(connection: psycopg.AsyncConnection[Any], query: str) -> list[Any]:
    return await (await connection.execute(query.encode())).fetchall()


async def test_a_view_with_other_tables_is_folded_anew(nats_url: str, database_url: str, client: Client) -> None:
    said: list[str] = []

    async def provisioned() -> None:
        await provision(nats_url, database_url, 1, StreamSettings(max_bytes=GIB), report=said.append)

    await provisioned()
    await DurablePublisher(client, MEMBER_EVENTS).publish([outgoing(post(number)) for number in range(30)])
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            f"DROP SCHEMA {SCHEMA} CASCADE; CREATE SCHEMA {SCHEMA};"
            f"CREATE TABLE {SCHEMA}.positions (shard text, reader text, position bigint, PRIMARY KEY (shard, reader));"
            f"CREATE TABLE {SCHEMA}.history (key text PRIMARY KEY, text text)"
        )
        reader = await reader_of(client, MEMBER_EVENTS)
        await connection.execute(f"INSERT INTO {SCHEMA}.positions VALUES ('history-0', %s, 30)", (reader,))

        lease = own(database_url, "history-0", schema="projections")
        runner = ViewRunner(client, database_url, "projections", lease, ViewShard(view=VIEW, partition=0))
        async with running(runner.run()):
            await until_async(lambda: "warmline provision" in str(kernel_tables.rows(database_url, HALTED)))

        assert await layout_in(connection, SCHEMA) is None
        await provisioned()
        assert await layout_in(connection, SCHEMA) == layout_of(VIEW)
        assert await rows(connection, f"SELECT count(*) FROM {SCHEMA}.history") == [(30,)]
        assert await rows(connection, f"SELECT position FROM {SCHEMA}.positions") == [(30,)]
        assert any("history has other tables" in line for line in said)
        assert await rows(connection, HALTED) == [(None,)]
        said.clear()
        await provisioned()
        assert not any("history" in line for line in said)


async def test_a_rebuild_tells_nothing_that_was_let_go(nats_url: str, database_url: str, client: Client) -> None:
    await provision(nats_url, database_url, 1, StreamSettings(max_bytes=GIB))
    await DurablePublisher(client, MEMBER_EVENTS).publish([outgoing(post(number)) for number in range(3)])
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        connections = Connections(client=client, postgres=connection, postgres_url=database_url, partitions=1)
        reader = await reader_of(client, MEMBER_EVENTS)
        await connection.execute(f"TRUNCATE {SCHEMA}.positions, {SCHEMA}.history, {SCHEMA}.arrived, {SCHEMA}.members")
        await connection.execute(f"INSERT INTO {SCHEMA}.positions VALUES ('history-0', %s, 3)", (reader,))
        await connection.execute(f"INSERT INTO {SCHEMA}.horizons VALUES ('c', '2027-01-01', '2027-01-01')")
        await ViewRebuild(connections, VIEW, Silent()).run()
        assert await rows(connection, f"SELECT count(*) FROM {SCHEMA}.arrived") == [(3,)]
        assert await rows(connection, f"SELECT community, swept FROM {SCHEMA}.horizons") == [("c", None)]
        await connection.execute(f"SET search_path TO {SCHEMA}")
        assert await history_page(connection, member_key("c", "discord", "ada"), None, 10) == []


class Silent:
    """Nobody watches."""

    def step(self, what: str, total: int | None = None) -> None: ...

    def reach(self, done: int) -> None: ...

    def tell(self, line: str) -> None: ...
