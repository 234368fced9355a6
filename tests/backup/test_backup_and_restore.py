"""A backup of a running system, and what stands up again from it."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from tests import servers
from tests.end_to_end.harbour import post, write_policy
from tests.end_to_end.running_system import COMMAND, RunningSystem, environment, started
from tests.verify import small_world
from tests.waiting import until


@contextmanager
def load(system: RunningSystem) -> Iterator[list[dict[str, Any]]]:
    """Post questions one after another, and settle what is assigned; yields what was accepted so far."""
    done, accepted = threading.Event(), list[dict[str, Any]]()

    def keep_posting() -> None:
        while not done.wait(0.02):
            question = post(f"l{len(accepted)}", f"loader{len(accepted) % 50}", timedelta(hours=2), "Who is there?")
            assert system.post([question])["refused"] == 0
            accepted.append(question)

    def keep_settling() -> None:
        while not done.wait(0.1):
            for touch in [one for one in system.get("/api/v1/queue?limit=20")["items"] if one["state"] == "assigned"][
                :3
            ]:
                path, body = f"/api/v1/touches/{touch['id']}", {"responder": "tobi", "revision": touch["revision"]}
                if system.api.post(f"{path}/claim", json=body).is_success:
                    settle = body | {"revision": touch["revision"] + 1, "outcome": "reached"}
                    system.api.post(f"{path}/settle", json=settle)

    threads = [threading.Thread(target=keep_posting), threading.Thread(target=keep_settling)]
    for thread in threads:
        thread.start()
    try:
        yield accepted
    finally:
        done.set()
        for thread in threads:
            thread.join()


def touches_of(system: RunningSystem, member: str) -> int:
    with psycopg.connect(system.run.postgres_url) as connection:
        row = connection.execute("SELECT count(*) FROM view_queue.touches WHERE member_id = %s", (member,)).fetchone()
    return row[0] if row else 0


def restore(folder: Path, data: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "restore", str(folder)], env=environment(data), capture_output=True, text=True, check=False
    )


@pytest.mark.timeout(300)
def test_a_backup_taken_under_load_stands_up_again_whole(tmp_path: Path) -> None:
    accepted = tmp_path / "accepted.jsonl"
    folder = tmp_path / "backup"
    with started(policy=write_policy(tmp_path)) as system:
        small_world.send(system, accepted)
        small_world.take_one_in_hand(system)
        with load(system) as loaded:
            until(lambda: len(loaded) > 100, seconds=60, what="a hundred events of load")
            before = list(loaded)
            saved = system.command("backup", str(folder))
            assert saved.returncode == 0, saved.stderr
        again = system.command("backup", str(folder))
        assert "is not empty" in again.stderr
    with accepted.open("a", encoding="utf-8") as file:
        for number, one in enumerate(before, start=1000):
            line = {"post": number, "community": "acme", "source": one["source"], "id": one["id"]}
            file.write(json.dumps(line) + "\n")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert {stream["name"] for stream in manifest["streams"]} == {"MEMBER_EVENTS", "TOUCHES", "TOUCH_FACTS"}
    with servers.data_folder() as data:
        restored = restore(folder, data)
        assert restored.returncode == 0, restored.stdout + restored.stderr
        assert "Restored." in restored.stdout
        twice = restore(folder, data)
        assert (twice.returncode, "A backup is restored into empty servers only" in twice.stderr) == (1, True)
        with started(data=data) as system:
            until(lambda: system.command("status").returncode == 0, seconds=60, what="everything to be well")
            verified = system.command("verify", "--accepted", str(accepted))
            assert verified.returncode == 0, verified.stdout + verified.stderr
            system.post([post("after", "ann", timedelta(hours=2), "And now?")])
            until(lambda: touches_of(system, "ann"), seconds=60, what="life to go on")


def test_a_damaged_backup_and_one_without_end_are_refused(tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    refused = restore(empty, tmp_path / "data")
    assert refused.returncode == 1
    assert "has no manifest.json" in refused.stderr
