"""What the auditor tells of NATS and PostgreSQL: what the real servers count of what was done with them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import psycopg
import pytest
import pytest_asyncio
from nats.aio.client import Client
from prometheus_client import CollectorRegistry

from infra.audit.eyes import BusEye, DatabaseEye
from infra.audit.server_measures import ServerMeasures
from infra.audit.server_rounds import ServerRounds


class Servers:
    """The auditor's look at the servers, and what it tells."""

    def __init__(self, database: DatabaseEye, client: Client) -> None:
        self.registry = CollectorRegistry()
        self.database = database
        self.bus = BusEye()
        self.bus.client = client
        self._rounds = ServerRounds(ServerMeasures(self.registry))
        self._now = 0.0

    async def look(self, *, database_away: bool = False, bus_away: bool = False) -> None:
        self._now += 1_000
        await self._rounds.make(None if database_away else self.database, None if bus_away else self.bus, self._now)

    def told(self, name: str, **labels: str) -> float:
        value = self.registry.get_sample_value(f"warmline_{name}", labels)
        assert value is not None, name
        return value

    def names(self) -> set[str]:
        return {family.name for family in self.registry.collect()}


@pytest_asyncio.fixture
async def servers(database_url: str, client: Client, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Servers]:
    monkeypatch.setattr("infra.audit.nats_figures._ANSWERS_SECONDS", 3.0)
    eye = DatabaseEye(database_url, "a test")
    yield Servers(eye, client)
    await eye.close()


async def test_what_is_done_with_nats_is_counted(servers: Servers, client: Client) -> None:
    await servers.look()
    (name,) = {
        sample.labels["server"]
        for family in servers.registry.collect()
        if family.name == "warmline_nats_connections"
        for sample in family.samples
    }
    before = servers.told("nats_messages_total", server=name, direction="received")
    for _ in range(50):
        await client.publish("somewhere", b"x" * 100)
    await client.flush()
    await servers.look()
    assert servers.told("nats_messages_total", server=name, direction="received") >= before + 50
    assert servers.told("nats_connections", server=name) >= 1
    assert servers.told("nats_answer_seconds") > 0


async def test_what_is_done_with_postgresql_is_counted(servers: Servers, database_url: str) -> None:
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute("CREATE SCHEMA measured CREATE TABLE rows (n int) WITH (autovacuum_enabled = off)")
        await servers.look()
        rows = servers.told("postgresql_rows_total", operation="inserted")
        wal = servers.told("postgresql_wal_bytes_total")
        await connection.execute("INSERT INTO measured.rows SELECT generate_series(1, 1000)")
        await connection.execute("DELETE FROM measured.rows")
        await connection.execute("SELECT pg_stat_force_next_flush()")
        async with connection.transaction():
            await connection.execute("SELECT txid_current()")
            await servers.look()
        assert servers.told("postgresql_rows_total", operation="inserted") >= rows + 1000
        assert servers.told("postgresql_wal_bytes_total") > wal
        assert servers.told("postgresql_dead_rows", schema="measured") >= 1000
        assert servers.told("postgresql_schema_bytes", schema="measured") > 8_000
        assert servers.told("postgresql_connections", state="idle in transaction") >= 1
        assert servers.told("postgresql_oldest_transaction_seconds") > 0
        await connection.execute("DROP SCHEMA measured CASCADE")


async def test_of_a_server_that_is_away_nothing_is_told_and_of_the_other_all(servers: Servers) -> None:
    await servers.look()
    both = servers.names()
    await servers.look(database_away=True)
    assert servers.names() == {name for name in both if name.startswith("warmline_nats")}
    await servers.look(bus_away=True)
    assert servers.names() == {name for name in both if name.startswith("warmline_postgresql")}
