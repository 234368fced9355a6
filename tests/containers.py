"""The servers of the tests as containers: those of docker-compose.yml, reached on loopback."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import yaml
from testcontainers.compose import DockerCompose

from infra.nats_users import OPERATOR

TOP = Path(__file__).parents[1]
_PORTS = {"nats": 4222, "postgres": 5432}


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerServers:
    """The addresses of both, for whom may do everything."""

    nats_url: str
    postgres_url: str


@contextmanager
def container_servers(folder: Path) -> Iterator[ContainerServers]:
    """Start both with secrets of their own, which stay in ``folder``; their data is gone at the end."""
    secrets = folder / "secrets"
    subprocess.run(["sh", TOP / "infra/compose-secrets.sh", secrets], timeout=10, check=True)
    env_file, published = folder / "env", folder / "published.yml"
    env_file.write_text(f"COMPOSE_PROJECT_NAME=warmline-servers-{os.getpid()}\nWARMLINE_SECRETS={secrets}\n")
    reached = {
        name: {"networks": ["outside"], "ports": [f"127.0.0.1::{port}"], "restart": "no"}
        for name, port in _PORTS.items()
    }
    published.write_text(yaml.safe_dump({"services": reached}))
    with DockerCompose(
        TOP,
        compose_file_name=["docker-compose.yml", str(published)],
        env_file=str(env_file),
        services=["nats-volume", *_PORTS],  # at the end, those named here are taken away
    ) as compose:
        at = {name: f"127.0.0.1:{compose.get_service_port(name, port)}" for name, port in _PORTS.items()}
        passwords = {
            name: (secrets / name).read_text(encoding="ascii") for name in (f"nats-{OPERATOR}", "postgres-password")
        }
        yield ContainerServers(
            nats_url=f"nats://{OPERATOR}:{passwords[f'nats-{OPERATOR}']}@{at['nats']}",
            postgres_url=f"postgresql://warmline:{passwords['postgres-password']}@{at['postgres']}/warmline",
        )
