"""PostgreSQL is killed, connections are cut, the reply to a COMMIT is lost: everything resumes by itself."""

from __future__ import annotations

import itertools
import json
import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest
from nats.aio.client import Client

from tests.end_to_end.harbour import post, write_policy
from tests.end_to_end.running_system import RunningSystem, started
from tests.kernel import counter
from tests.kernel.cutting_proxy import Cut, CuttingProxy
from tests.kernel.kernel_tables import running, stores
from tests.kernel.partition import Partition
from tests.waiting import until

BATCH = 50
_POSTMASTER = "SELECT pg_read_file('postmaster.pid')"
_OTHERS = (
    "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity "
    "WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
)


def kill_postgresql(system: RunningSystem) -> None:
    with psycopg.connect(system.run.postgres_url, autocommit=True) as connection:
        row = connection.execute(_POSTMASTER).fetchone()
    assert row is not None
    os.kill(int(row[0].splitlines()[0]), signal.SIGKILL)

    def answers() -> bool:
        try:
            psycopg.connect(system.run.postgres_url, connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    until(answers, seconds=60, what="PostgreSQL to be back")


def cut_all_connections(system: RunningSystem) -> None:
    """Cut those of the services; after PostgreSQL's restart they may only be on their way back."""

    def cut() -> int:
        with psycopg.connect(system.run.postgres_url, autocommit=True) as connection:
            row = connection.execute(_OTHERS).fetchone()
        assert row is not None
        return int(row[0])

    until(cut, seconds=60, what="a connection to cut")


def test_none_lost_none_doubled_while_it_is_killed_and_connections_are_cut(tmp_path: Path) -> None:
    faults: list[Callable[[RunningSystem], None]] = [
        cut_all_connections,
        kill_postgresql,
        cut_all_connections,
        kill_postgresql,
    ]
    numbers, accepted = itertools.count(), tmp_path / "accepted.jsonl"
    with started(policy=write_policy(tmp_path)) as system, accepted.open("w", encoding="utf-8") as file:

        def send(batches: int) -> None:
            for _ in range(batches):
                first = next(numbers) * BATCH
                events = [
                    post(f"m{n}", f"member{n % 40}", timedelta(hours=2), "Who knows?")
                    for n in range(first, first + BATCH)
                ]
                assert system.post(events)["refused"] == 0
                for one in events:
                    line = {"post": first, "community": "acme", "source": one["source"], "id": one["id"]}
                    file.write(json.dumps(line) + "\n")

        send(4)
        for fault in faults:
            fault(system)
            send(4)
        file.flush()
        until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well again")
        verified = system.command("verify", "--accepted", str(accepted))
        assert verified.returncode == 0, verified.stdout + verified.stderr


@pytest.mark.parametrize("cut", ["before it arrives", "before the reply"])
async def test_a_partition_folds_on_when_the_reply_to_a_commit_is_lost(
    client: Client, database_url: str, cut: Cut
) -> None:
    proxy = CuttingProxy(database_url)
    with proxy.serving(), stores(proxy.url) as (store,):
        partition = Partition(client, store, database_url)
        async with running(partition.runner().run()):
            for number in range(5):
                await partition.publish(*(counter.post(number * 100 + n) for n in range(100)))
                proxy.cut = cut
            await partition.publish(counter.post(500))
            await partition.folded(501)
        assert proxy.cuts >= 1
        assert partition.counted() == [f"post:{n}" for n in range(501)]
