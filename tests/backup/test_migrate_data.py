"""Everything moves from DATA to servers of one's own and back, and is the same there."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from infra.embedded_servers import embedded_servers
from tests import servers
from tests.end_to_end.harbour import post, write_policy
from tests.end_to_end.running_system import COMMAND, RunningSystem, environment, started
from tests.verify import small_world
from tests.waiting import until


def migrate(direction: str, data: Path, nats_url: str, postgres_url: str) -> subprocess.CompletedProcess[str]:
    told = {"WARMLINE_NATS_URL": nats_url, "WARMLINE_POSTGRES_URL": postgres_url}
    return subprocess.run(
        [*COMMAND, "migrate-data", direction],
        env=environment(data) | told,
        capture_output=True,
        text=True,
        check=False,
    )


@contextmanager
def with_history(system: RunningSystem, tmp_path: Path) -> Iterator[None]:
    small_world.send(system, tmp_path / "accepted.jsonl")
    small_world.take_one_in_hand(system)
    yield
    until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well")


@pytest.mark.timeout(300)
def test_there_and_back(tmp_path: Path) -> None:
    with servers.data_folder() as data, servers.data_folder() as elsewhere, servers.data_folder() as home:
        with started(policy=write_policy(tmp_path), data=data, keep=True) as system, with_history(system, tmp_path):
            refused = migrate("to-servers", data, "nats://127.0.0.1:1", "postgresql://127.0.0.1:1/x")
            assert "Warmline already runs on" in refused.stderr

        async def out_and_back() -> None:
            async with embedded_servers(elsewhere) as own:
                there = await asyncio.to_thread(migrate, "to-servers", data, own.nats_url, own.postgres_url)
                assert there.returncode == 0, there.stdout + there.stderr
                assert "MEMBER_EVENTS: " in there.stdout
                twice = await asyncio.to_thread(migrate, "to-servers", data, own.nats_url, own.postgres_url)
                assert "into empty servers only" in twice.stderr
                back = await asyncio.to_thread(migrate, "to-data", home, own.nats_url, own.postgres_url)
                assert back.returncode == 0, back.stdout + back.stderr

        asyncio.run(out_and_back())
        with started(data=home) as system:
            until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well")
            verified = system.command("verify", "--accepted", str(tmp_path / "accepted.jsonl"))
            assert verified.returncode == 0, verified.stdout + verified.stderr
            answer = system.post([post("after", "ann", timedelta(hours=2), "And now?")])
            assert answer["refused"] == 0
