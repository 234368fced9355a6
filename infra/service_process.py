"""The services as child processes: a table of what to run, and each running process of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from infra.embedded.child import Child, ChildSpec, OneChild, StopStep


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """A row of the service table. `env` is for this service alone, `first_env` for its process 0 only."""

    name: str
    argv: tuple[str, ...]
    processes: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    first_env: Mapping[str, str] = field(default_factory=dict)


class ServiceProcess(OneChild):
    """One process of a service, with its log in DATA/logs/<service>-<index>.log."""

    stop_steps = (StopStep(signal=signal.SIGTERM, seconds=10),)

    def __init__(self, service: Service, index: int, *, env: Mapping[str, str], data: Path) -> None:
        super().__init__()
        self.name = f"{service.name}-{index}"
        self.log = data / "logs" / f"{self.name}.log"
        self._argv = service.argv
        self._env = {
            **{key: value for key, value in os.environ.items() if key not in service.first_env},
            "PYTHONUNBUFFERED": "1",
            **env,
            **service.env,
            **(service.first_env if index == 0 else {}),
            "WARMLINE_INSTANCE": self.name,
        }

    async def start(self) -> None:
        """Start the process; it is not yet ready on return. Raises OperatorError if it cannot be executed."""
        self._child = await Child.start(
            ChildSpec(argv=self._argv, log=self.log, env=self._env, death_signal=signal.SIGKILL)
        )


def service_processes(table: tuple[Service, ...], *, env: Mapping[str, str], data: Path) -> list[ServiceProcess]:
    """Every process that `table` asks for."""
    return [
        ServiceProcess(service, index, env=env, data=data) for service in table for index in range(service.processes)
    ]
