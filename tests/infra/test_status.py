"""`warmline status` tells what is well, and what an operator should look at."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest
from nats.aio.client import Client
from typer.testing import CliRunner

from infra.cli.main import app
from infra.looking.faces import Faces
from infra.provision import provision
from infra.running_servers import Servers
from infra.system_status import SystemStatus, system_status
from shared.topology import GIB, StreamSettings

NOBODY = Faces(desk_url=None, ingest_url=None)


def named(found: SystemStatus, name: str) -> tuple[bool, str]:
    [part] = [part for part in found.parts if part.name == name]
    return part.well, part.says


async def test_shards_without_an_owner_and_dead_letters_are_not_well(
    nats_url: str, database_url: str, client: Client
) -> None:
    assert client.is_connected
    servers = Servers(nats_url=nats_url, postgres_url=database_url)
    await provision(nats_url, database_url, 2, StreamSettings(max_bytes=GIB))

    found = await system_status(servers, NOBODY)

    assert named(found, "triage") == (False, "0 of 2 shards owned by 0 processes; nobody owns 0, 1")
    assert named(found, "dead letters") == (True, "none: everything could be processed")
    assert not found.well
    async with await psycopg.AsyncConnection.connect(database_url, autocommit=True) as connection:
        await connection.execute(
            "UPDATE triage.shards SET owner = 'somebody', expires_at = 'infinity', halted = 'a newer event'"
        )
        await connection.execute(
            "INSERT INTO triage.dead_letters (shard, stream, seq, subject, headers, body, error, tries) "
            "VALUES ('0', 'MEMBER_EVENTS', 1, 's', '{}', '', 'why', 3), "
            "('0', 'MEMBER_EVENTS', 2, 's', '{}', '', 'why', 3)"
        )
        await connection.execute("UPDATE triage.dead_letters SET parked_at = clock_timestamp() - interval '90 minutes'")
        await connection.execute(
            "UPDATE triage.dead_letters SET outcome = 'dropped', ended_at = clock_timestamp() WHERE seq = 2"
        )

    found = await system_status(servers, NOBODY)

    assert named(found, "triage") == (
        False,
        "2 of 2 shards owned by 1 process; halted 0: a newer event; 1: a newer event",
    )
    assert named(found, "dead letters") == (False, "1 of triage, the oldest for 2 h. See: warmline dead list")


async def test_servers_that_are_away_are_said_to_be() -> None:
    servers = Servers(nats_url="nats://127.0.0.1:1", postgres_url="postgresql://x:y@127.0.0.1:1/z")
    found = await system_status(servers, Faces(desk_url="http://127.0.0.1:1", ingest_url=None))
    assert {part.name for part in found.parts if not part.well} == {"desk", "NATS", "PostgreSQL"}


def test_where_nothing_runs_it_says_how_to_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("WARMLINE_NATS_URL", "WARMLINE_POSTGRES_URL"):
        monkeypatch.delenv(name, raising=False)
    said = CliRunner().invoke(app, ["status", "--data", str(tmp_path)])
    assert said.exit_code == 1
    assert "No Warmline runs on" in said.output
    assert "warmline up" in said.output
