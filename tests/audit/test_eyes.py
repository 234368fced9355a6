"""Servers that hang, are away or come late: the auditor goes on looking, says so, and sees again when they answer."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.audit.alarm_kinds import NATS_AWAY, POSTGRESQL_AWAY
from infra.audit.auditor import Auditor, Watched
from infra.audit.eyes import DatabaseEye, bus_eye
from infra.audit.measures import Measures
from infra.audit.nats_figures import nats_figures
from infra.looking.faces import Faces
from infra.looking.streams import look_at_stream
from infra.provision import provision
from shared.contracts.subjects import TOUCHES
from shared.topology import GIB, StreamSettings, streams
from tests import servers
from tests.infra.process_lines import processes_naming
from tests.waiting import until_async


@contextlib.contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def family(pid: int) -> list[int]:
    """Return a process and its children."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *map(int, children)]


async def listen(_client: object) -> None:
    """Nobody asks here."""


async def look_until(auditor: Auditor, bus: object, *names: str, seconds: float = 40) -> float:
    """Look until exactly these alarms of the servers stand; return the longest look."""
    deadline, longest = time.monotonic() + seconds, 0.0
    while True:
        began = time.monotonic()
        await auditor.look(bus)  # type: ignore[arg-type]
        longest = max(longest, time.monotonic() - began)
        assert auditor._report is not None
        standing = {alarm.name for alarm in auditor._report.alarms} & {NATS_AWAY.name, POSTGRESQL_AWAY.name}
        if standing == set(names):
            return longest
        assert time.monotonic() < deadline, f"{standing} is not {names}"
        await asyncio.sleep(0.5)  # an alarm wants looks some time apart


async def test_servers_that_hang_are_an_alarm_each_look_ends_and_they_are_seen_again() -> None:
    with servers.data_folder() as data:
        async with (
            servers.running_postgres(data) as postgres,
            servers.running_nats(data) as nats,
            httpx.AsyncClient(trust_env=False) as http,
        ):
            await provision(nats.url, postgres.url, 2, StreamSettings(max_bytes=GIB))
            database = DatabaseEye(postgres.url, "test auditor")
            watched = Watched(faces=Faces(desk_url=None, ingest_url=None), folders=(data,), streams=streams())
            auditor = Auditor(watched, database, http, Measures(), None)
            async with bus_eye(nats.url, "test auditor", listen) as bus:
                await look_until(auditor, bus)
                assert auditor._report is not None
                postmaster = int((postgres.data_directory / "postmaster.pid").read_text().split()[0])
                hanging = [*family(postmaster), int((data / "nats" / "nats.pid").read_text())]
                with stopped(hanging):
                    longest = await look_until(auditor, bus, "nats-away", "postgresql-away")
                assert longest < 8
                assert not auditor._report.complete
                await look_until(auditor, bus)
            await database.close()
        assert processes_naming(str(data)) == []


async def test_an_auditor_that_starts_before_its_servers_says_so_and_waits() -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        database = DatabaseEye("postgresql://x:y@127.0.0.1:1/z", "test auditor")
        watched = Watched(faces=Faces(desk_url="http://127.0.0.1:1", ingest_url=None), folders=(), streams=streams())
        auditor = Auditor(watched, database, http, Measures(), None)
        async with bus_eye("nats://127.0.0.1:1", "test auditor", listen) as bus:
            await look_until(auditor, bus, "nats-away", "postgresql-away")
        await database.close()
    assert auditor._report is not None
    said = {part.name: part.says for part in auditor._report.parts}
    assert said["NATS"] == "there is no connection to it"
    assert said["PostgreSQL"].startswith("does not answer")


@pytest.mark.parametrize("path", ["metrics", "healthz"])
async def test_its_own_port_answers_from_the_first_look_on(path: str) -> None:
    from infra.audit.face import face_of

    async with httpx.AsyncClient(trust_env=False) as http:
        database = DatabaseEye("postgresql://x:y@127.0.0.1:1/z", "test auditor")
        watched = Watched(faces=Faces(desk_url=None, ingest_url=None), folders=(), streams=streams())
        measures = Measures()
        auditor = Auditor(watched, database, http, measures, None)
        transport = httpx.ASGITransport(app=face_of(auditor, measures))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://auditor") as asker:
            assert (await asker.get("/healthz")).status_code == 503
            async with bus_eye("nats://127.0.0.1:1", "test auditor", listen) as bus:
                await auditor.look(bus)
            answer = await asker.get(f"/{path}")
            assert answer.status_code == 200
            assert (await asker.get("/nothing")).status_code == 404
            if path == "metrics":
                assert 'warmline_alarm{alarm="nats-away"} 0.0' in answer.text
                assert "warmline_audit_look_complete 0.0" in answer.text
        await database.close()


async def test_a_server_of_a_cluster_that_is_away_is_seen_and_seen_to_come_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("infra.audit.nats_figures._ANSWERS_SECONDS", 3.0)
    with servers.data_folder() as data:
        async with servers.running_nats_cluster(data) as cluster, servers.nats_client(cluster.url) as client:
            await servers.fresh_streams(client, replicas=3)

            async def lagging(*names: str) -> None:
                async def seen() -> bool:
                    return (await look_at_stream(client, TOUCHES)).lagging == names

                await until_async(seen, what=f"{names} to lag")

            await lagging()
            told = (await nats_figures(client)).servers  # of the one with the client, and of those without any
            assert [server.name for server in told] == [node.name for node in cluster.nodes]
            leader = (await client.jetstream().stream_info(TOUCHES)).cluster.leader
            follower = next(number for number in range(3) if not leader.endswith(str(number + 1)))
            await cluster.kill(follower)
            await lagging(f"{leader[:-1]}{follower + 1}")
            await cluster.revive(follower)
            await lagging()
