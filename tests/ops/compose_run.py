"""docker-compose.yml, started on a real engine under a name and on ports of its own."""

from __future__ import annotations

import fcntl
import os
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType

from infra.ports import claim_public
from tests.end_to_end.harbour import write_policy
from tests.end_to_end.running_system import PublicFace

TOP = Path(__file__).parents[2]
CLUSTER = MappingProxyType(
    {
        "COMPOSE_PROFILES": "cluster",
        "WARMLINE_NATS_CONFIG": "cluster.conf",
        "WARMLINE_NATS_HOSTS": "nats:4222,nats-2:4222,nats-3:4222",
        "WARMLINE_STREAM_REPLICAS": "3",
    }
)
"""What .env.example says of three NATS servers."""
_LOCK = Path(tempfile.gettempdir(), "warmline-compose.lock")


class ComposeRun(PublicFace):
    """One project of Compose: its containers, volumes and image are gone when the test is over."""

    def __init__(self, folder: Path, ports: Sequence[int], told: Mapping[str, str]) -> None:
        self.name = f"warmline-test-{os.getpid()}"
        self.image = f"{self.name}:latest"
        desk, ingest, auditor = ports
        self.secrets = folder / "secrets"
        run(["sh", "infra/compose-secrets.sh", str(self.secrets)], seconds=10)
        (self.secrets / "nats-route").write_text("0123456789")  # nats-server takes bare digits for a number
        variables = {
            "POLICY": write_policy(folder),
            "WARMLINE_SECRETS": self.secrets,
            "WARMLINE_IMAGE": self.image,
            "WARMLINE_DESK_PORT": desk,
            "WARMLINE_INGEST_PORT": ingest,
            "WARMLINE_AUDITOR_PORT": auditor,
            **told,
        }
        self._env_file = folder / "env"
        self._env_file.write_text("".join(f"{name}={value}\n" for name, value in variables.items()))
        token = (self.secrets / "token").read_text(encoding="ascii")
        super().__init__(f"http://127.0.0.1:{ingest}", f"http://127.0.0.1:{desk}", token)

    def compose(self, *arguments: str, seconds: float = 120) -> subprocess.CompletedProcess[str]:
        """Run a command of Compose's, which must succeed."""
        return run([*self._compose, *arguments], seconds=seconds)

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a `warmline` command in a container of its own."""
        return answer([*self._compose, "run", "--rm", "-T", "cli", *arguments], seconds=120)

    def up(self, *options: str) -> None:
        """Start what does not run, and wait until all is healthy."""
        self.compose("up", *options, "--detach", "--wait", "--wait-timeout", "240", seconds=600)

    @property
    def _compose(self) -> list[str]:
        return ["docker", "compose", "--project-name", self.name, "--env-file", str(self._env_file)]


@contextmanager
def compose_run(folder: Path, told: Mapping[str, str] = MappingProxyType({})) -> Iterator[ComposeRun]:
    """Start it with the policy of the tests' community in force; on one machine, one at a time."""
    with _LOCK.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Not of those that the kernel gives to any connection: stopped and started again, it must find them free.
        *claims, unused = *claim_public(None), *claim_public(None)
        unused.release()
        compose = ComposeRun(folder, [claim.port for claim in claims], told)
        try:
            compose.up("--build")
            adopted = compose.command("policy", "adopt", "/policy.yaml")
            assert "In force for acme" in adopted.stdout, adopted.stderr
            yield compose
        finally:
            compose.compose("--profile", "*", "down", "--volumes", "--remove-orphans")
            subprocess.run(["docker", "image", "rm", compose.image], capture_output=True, timeout=60, check=False)
            for claim in claims:
                claim.release()


def run(command: list[str], *, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command of the engine's; its whole output is the error if it fails."""
    done = answer(command, seconds=seconds)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done


def answer(command: list[str], *, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a command with nothing of ours in its environment."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("WARMLINE_", "POLICY"))}
    return subprocess.run(
        command, cwd=TOP, env=environment, capture_output=True, text=True, timeout=seconds, check=False
    )
