from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import nats
import psycopg
import pytest

from infra.embedded.nats import NatsServer
from infra.embedded.postgres import PostgresServer
from infra.embedded.readiness import wait_until_unused
from infra.operator_error import OperatorError
from infra.ports import claim_internal
from tests.infra.conftest import MakeData
from tests.infra.process_lines import processes_naming
from tests.waiting import until

PARENT = Path(__file__).with_name("parent_program.py")


def nats_server(data: Path) -> NatsServer:
    return NatsServer(data, claim_internal(None).port)


def postgres_server(data: Path) -> PostgresServer:
    return PostgresServer(data, claim_internal(None).port)


async def start_and_stop(servers: Sequence[NatsServer | PostgresServer]) -> None:
    try:
        await asyncio.gather(*(server.start() for server in servers))
    finally:
        await asyncio.gather(*(server.stop() for server in servers))


async def execute(url: str, statement: str) -> list[tuple[object, ...]]:
    async with await psycopg.AsyncConnection.connect(url) as connection:
        cursor = await connection.execute(statement.encode())
        return await cursor.fetchall() if cursor.description else []


async def test_postgres_keeps_its_data_over_restarts_and_crashes(data: Path) -> None:
    server = postgres_server(data)
    try:
        await server.start()
        await execute(server.url, "CREATE TABLE kept AS SELECT 'Größe' AS word")
        await server.stop()
        server = postgres_server(data)
        await server.start()
        pid = int((server.data_directory / "postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGKILL)
        assert await server.wait() == -signal.SIGKILL
        await server.start()
        assert await execute(server.url, "SELECT upper(word) FROM kept") == [("GRÖßE",)]
        assert await execute(server.url, "SHOW fsync") == [("on",)]
        assert str(server.data_directory) in (data / "README.txt").read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            await execute(server.url.replace("@", "x@"), "SELECT 1")
    finally:
        await server.stop()


async def test_nats_keeps_its_streams_over_restarts_and_asks_for_its_password(data: Path) -> None:
    server = nats_server(data)
    try:
        await server.start()
        client = await nats.connect(server.url)
        await client.jetstream().add_stream(name="KEPT", subjects=["kept"])
        await client.jetstream().publish("kept", b"still here")
        await client.close()
        await server.stop()
        server = nats_server(data)
        await server.start()
        client = await nats.connect(server.url)
        assert (await client.jetstream().get_msg("KEPT", 1)).data == b"still here"
        await client.close()
        with pytest.raises(nats.errors.Error, match=r"(?i)authorization"):
            await nats.connect(server.url.replace("@", "x@"), allow_reconnect=False)
    finally:
        await server.stop()


async def test_two_data_folders_run_beside_each_other(make_data: MakeData) -> None:
    one, other = make_data(), make_data()
    await start_and_stop([nats_server(one), nats_server(other), postgres_server(one), postgres_server(other)])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_nothing_outlives_the_supervisor_and_its_data_can_be_used_at_once(data: Path, number: signal.Signals) -> None:
    parent = subprocess.Popen([sys.executable, PARENT, data], stdout=subprocess.PIPE, text=True)
    try:
        assert parent.stdout is not None
        told = json.loads(parent.stdout.readline())
        assert len(processes_naming(str(data))) >= 4
        parent.send_signal(number)
        assert parent.wait(10) == (0 if number != signal.SIGKILL else -9)
        if number == signal.SIGKILL:
            asyncio.run(start_and_stop([nats_server(data), postgres_server(data)]))
        until(lambda: not processes_naming(str(data)) and not processes_naming(told["data_directory"]))
    finally:
        parent.kill()
        parent.communicate()


def own_program() -> Path:
    return Path(Path("/proc/self/cmdline").read_bytes().split(b"\0")[0].decode())


async def test_a_directory_in_use_names_the_process(tmp_path: Path) -> None:
    (tmp_path / "server.pid").write_text(f"{os.getpid()}\n")
    with pytest.raises(OperatorError, match=f"Process {os.getpid()} is a PostgreSQL that already uses"):
        await wait_until_unused("PostgreSQL", tmp_path / "server.pid", own_program(), seconds=0.05)


async def test_a_taken_port_is_told_by_the_servers_own_log(data: Path) -> None:
    first, second = nats_server(data / "one"), nats_server(data / "two")
    second._port = first._port
    try:
        await first.start()
        with pytest.raises(OperatorError, match=r"nats-server .* while it started\. See .*nats\.log") as raised:
            await second.start()
        assert raised.value.log == (data / "two" / "logs" / "nats.log").resolve()
    finally:
        await first.stop()
        await second.stop()


async def test_data_that_does_not_belong_together_is_refused(make_data: MakeData) -> None:
    data, moved = make_data(), make_data()
    server = postgres_server(data)
    await server.start()
    await server.stop()

    shutil.copytree(data, moved, dirs_exist_ok=True)
    with pytest.raises(OperatorError, match="DATA was moved or copied"):
        await postgres_server(moved).start()

    version = server.data_directory / "PG_VERSION"
    version.write_text("9\n")
    with pytest.raises(OperatorError, match="was made by PostgreSQL 9"):
        await postgres_server(data).start()

    version.unlink()
    with pytest.raises(OperatorError, match="is missing"):
        await postgres_server(data).start()


async def test_a_deleted_data_begins_anew_and_throws_nothing_away(data: Path) -> None:
    first = postgres_server(data)
    await first.start()
    await execute(first.url, "CREATE TABLE old (id int)")
    await first.stop()
    (data / "postgres.path").unlink()
    shutil.rmtree(data / "secrets")

    anew = postgres_server(data)
    try:
        await anew.start()
        assert await execute(anew.url, "SELECT 1 FROM pg_tables WHERE tablename = 'old'") == []
        assert len(list(anew.data_directory.parent.glob("postgres.before-*"))) == 1
    finally:
        await anew.stop()
