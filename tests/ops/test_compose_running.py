"""Warmline runs by docker-compose.yml, on a real engine."""

from __future__ import annotations

import subprocess
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.names import member_key
from tests.ops.compose_run import ComposeRun, compose_run
from tests.waiting import until

# The first of them builds the image.
pytestmark = [pytest.mark.ops("docker"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with compose_run(tmp_path_factory.mktemp("compose")) as compose:
        yield compose


def joined(member: str, ago: timedelta) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"joined:{member}:1",
        "source": "/discord/harbour",
        "type": "warmline.member.joined.v1",
        "time": (datetime.now(UTC) - ago).isoformat(),
        "data": {"community": "harbour", "platform": "discord", "member": {"id": member, "name": "Ada"}},
    }


def test_a_newcomer_whom_nobody_greeted_stands_in_the_queue_and_is_there_after_a_restart(system: ComposeRun):
    adopted = system.compose("run", "--rm", "-T", "cli", "policy", "adopt", "/policy.yaml")
    assert "In force for harbour" in adopted.stdout

    answer = system.post(joined("u1", ago=timedelta(minutes=10)))
    assert answer.status_code in (200, 202), answer.text

    def queue() -> list[dict[str, Any]]:
        return (system.get("/api/v1/queue") or {"items": []})["items"]

    (touch,) = until(queue, seconds=30, what="the touch in the queue")
    assert (touch["reason"], touch["member"]["name"]) == ("welcome", "Ada")
    member = member_key("harbour", "discord", "u1")
    story = system.get(f"/api/v1/members/{member}/history")["items"]
    assert [item["kind"] for item in story] == ["joined"]

    system.compose("down")
    system.compose("up", "--detach", "--wait", "--wait-timeout", "120", seconds=180)
    (again,) = until(queue, seconds=30, what="the touch after the restart")
    assert again["id"] == touch["id"]
    assert system.get(f"/api/v1/members/{member}/history")["items"] == story


def test_no_service_runs_as_root_or_can_write_to_its_image(system: ComposeRun):
    for service in ("ingest", "triage", "notifier", "projections", "auditor"):
        probe = "import os; print(os.getuid(), os.access('/opt/warmline', os.W_OK))"
        found = system.compose("exec", "-T", service, "python", "-c", probe)
        assert found.stdout.split() == ["10001", "False"]


def test_a_triage_that_stands_still_is_unhealthy_and_says_why(system: ComposeRun):
    # `docker pause` would stop the health check as well, so the process alone is stopped.
    system.compose("exec", "-T", "triage", "python", "-c", STOP)

    def health() -> str:
        shown = system.compose("ps", "--format", "{{.Service}} {{.Health}}").stdout
        return dict(line.split() for line in shown.splitlines() if " " in line.strip())["triage"]

    until(lambda: health() == "unhealthy", seconds=90, what="triage to be unhealthy")
    (container,) = system.compose("ps", "--quiet", "triage").stdout.split()
    log = subprocess.run(
        ["docker", "inspect", "--format", "{{range .State.Health.Log}}{{.Output}}{{end}}", container],
        capture_output=True, text=True, timeout=20, check=True,
    ).stdout  # fmt: skip
    assert "nobody owns" in log
    system.compose("kill", "triage")
    system.compose("up", "--detach", "--wait", "--wait-timeout", "90")


STOP = """
import os, signal
from pathlib import Path
for folder in Path("/proc").iterdir():
    if folder.name.isdigit() and folder.name != str(os.getpid()):
        if b"services.triage.main" in (folder / "cmdline").read_bytes() and folder.name != "1":
            os.kill(int(folder.name), signal.SIGSTOP)
"""
