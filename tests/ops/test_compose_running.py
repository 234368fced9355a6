"""Warmline runs by docker-compose.yml, on a real engine."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.end_to_end.harbour import event
from tests.end_to_end.test_line import (
    test_claim_and_settle_through_the_api,
    test_status_is_well_and_verify_finds_no_difference,
    test_the_teams_own_reply_settles_and_a_peers_leaves_what_remains,
    test_who_needs_a_human_stands_in_the_queue_with_the_reason_assigned_to_a_named_responder,
    touches,
)
from tests.ops.compose_run import ComposeRun, compose_run
from tests.waiting import until

# The whole line, as it is tested on `warmline up`.
__all__ = [
    "test_claim_and_settle_through_the_api",
    "test_status_is_well_and_verify_finds_no_difference",
    "test_the_teams_own_reply_settles_and_a_peers_leaves_what_remains",
    "test_who_needs_a_human_stands_in_the_queue_with_the_reason_assigned_to_a_named_responder",
]

# The first of them builds the image.
pytestmark = [pytest.mark.ops("docker"), pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ComposeRun]:
    with compose_run(tmp_path_factory.mktemp("compose")) as compose:
        yield compose


def test_compose_takes_the_file_with_every_profile(system: ComposeRun) -> None:
    system.compose("--profile", "*", "config", "--quiet")


def test_the_notifier_finds_the_secret_that_was_made_for_an_integrator(system: ComposeRun) -> None:
    made = system.command("integrators", "secret", "crm", "--organisation", "acme")
    found = system.compose("exec", "-T", "notifier", "cat", "/integrators/acme.crm")
    assert found.stdout == made.stdout
    assert made.stdout.startswith("whsec_"), made.stderr


def test_what_is_kept_is_there_after_a_restart(system: ComposeRun) -> None:
    system.post([event("join:ines", "joined", "ines", timedelta(hours=3))])

    def welcome() -> list[str]:
        return [touch["id"] for touch in touches(system, reason="welcome") if touch["member"]["name"] == "Ines"]

    before = until(welcome, seconds=60, what="the touch in the queue")
    system.compose("down")
    system.up()
    assert welcome() == before
    assert system.command("verify").returncode == 0


def test_more_processes_share_the_partitions_and_take_over_from_one_that_is_killed(system: ComposeRun) -> None:
    def shares(service: str) -> list[int]:
        owned = f"SELECT count(*) FROM {service}.shards WHERE expires_at > clock_timestamp() GROUP BY owner ORDER BY 1"
        told = system.compose("exec", "-T", "postgres", "psql", "-U", "warmline", "-tAc", owned)
        return [int(line) for line in told.stdout.split()]

    system.up("--scale", "triage=2", "--scale", "notifier=2")
    for service in ("triage", "notifier"):
        until(lambda service=service: shares(service) == [8, 8], seconds=60, what=f"two processes of {service}")
    killed = system.compose("ps", "--quiet", "triage").stdout.split()[0]
    subprocess.run(["docker", "kill", "--signal", "KILL", killed], capture_output=True, timeout=20, check=True)
    until(lambda: shares("triage") == [16], seconds=60, what="the one that is left to own all")
    system.post([event("join:noor", "joined", "noor", timedelta(hours=3))])
    until(
        lambda: [touch for touch in touches(system, reason="welcome") if touch["member"]["name"] == "Noor"],
        seconds=60,
        what="the touch of what came after",
    )
    system.up()  # one of each again
    until(lambda: shares("notifier") == [16], seconds=60, what="one process of notifier")


def test_nothing_runs_as_root_or_can_write_to_its_image(system: ComposeRun) -> None:
    for service in ("ingest", "triage", "notifier", "projections", "auditor"):
        probe = "import os; print(os.getuid(), os.access('/opt/warmline', os.W_OK))"
        found = system.compose("exec", "-T", service, "python", "-c", probe)
        assert found.stdout.split() == ["10001", "False"]
    assert system.compose("exec", "-T", "nats", "id", "-u").stdout.strip() == "10002"
    assert system.compose("exec", "-T", "postgres", "id", "-un").stdout.strip() == "postgres"


def test_no_secret_is_shown_by_the_engine(system: ComposeRun) -> None:
    containers = system.compose("ps", "--all", "--quiet").stdout.split()
    shown = subprocess.run(["docker", "inspect", *containers], capture_output=True, text=True, timeout=20, check=True)
    secrets = [file.read_text() for file in system.secrets.iterdir()]
    assert [secret for secret in secrets if secret and secret in shown.stdout] == []


def test_a_triage_that_stands_still_is_unhealthy_and_says_why(system: ComposeRun) -> None:
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
    system.up()


STOP = """
import os, signal
from pathlib import Path
for folder in Path("/proc").iterdir():
    if folder.name.isdigit() and folder.name != str(os.getpid()):
        if b"services.triage.main" in (folder / "cmdline").read_bytes() and folder.name != "1":
            os.kill(int(folder.name), signal.SIGSTOP)
"""
