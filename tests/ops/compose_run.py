"""docker-compose.yml, started on a real engine under a name and on ports of its own."""

from __future__ import annotations

import os
import secrets
import socket
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from infra.nats_users import USERS

TOP = Path(__file__).parents[2]


class ComposeRun:
    """One project of Compose: its containers, volumes and image are gone when the test is over."""

    def __init__(self, folder: Path) -> None:
        self.name = f"warmline-test-{os.getpid()}"
        self.image = f"{self.name}:latest"
        self.token = secrets.token_hex(16)
        desk, ingest, auditor = free_ports(3)
        self.desk_url, self.ingest_url = f"http://127.0.0.1:{desk}", f"http://127.0.0.1:{ingest}"
        self._env_file = folder / "env"
        self._env_file.write_text(
            f"WARMLINE_TOKEN={self.token}\n"
            + "".join(f"{user.password_variable}={secrets.token_hex(16)}\n" for user in USERS)
            # nats-server takes bare digits for a number
            + "WARMLINE_NATS_ROUTE_PASSWORD=0123456789\n"
            + f"WARMLINE_POSTGRES_PASSWORD={secrets.token_hex(16)}\n"
            f"WARMLINE_DESK_PORT={desk}\nWARMLINE_INGEST_PORT={ingest}\n"
            f"WARMLINE_AUDITOR_PORT={auditor}\nWARMLINE_IMAGE={self.image}\n"
        )

    def compose(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        command = ["docker", "compose", "--project-name", self.name, "--env-file", str(self._env_file), *arguments]
        return run(command, seconds=seconds)

    def get(self, path: str) -> Any:
        response = httpx.get(f"{self.desk_url}{path}", headers=self._headers(), timeout=10, trust_env=False)
        return response.json() if response.status_code == 200 else None

    def post(self, event: dict[str, Any]) -> httpx.Response:
        headers = {**self._headers(), "content-type": "application/cloudevents+json"}
        return httpx.post(f"{self.ingest_url}/v1/events", json=event, headers=headers, timeout=10, trust_env=False)

    def _headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


@contextmanager
def compose_run(folder: Path) -> Iterator[ComposeRun]:
    compose = ComposeRun(folder)
    try:
        compose.compose("up", "--build", "--detach", "--wait", "--wait-timeout", "180", seconds=540)
        yield compose
    finally:
        compose.compose("--profile", "cli", "down", "--volumes", "--remove-orphans")
        subprocess.run(["docker", "image", "rm", compose.image], capture_output=True, timeout=60, check=False)


def run(command: list[str], *, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command of the engine's; its whole output is the error if it fails."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WARMLINE_", "POLICY"))}
    done = subprocess.run(
        command, cwd=TOP, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def free_ports(number: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
