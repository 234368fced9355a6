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
    """A row of the service table. `env` is for this service alone.

    `sockets` are the file numbers of listening sockets that all its processes share, by the variable that tells them.
    """

    name: str
    argv: tuple[str, ...]
    processes: int = 1
    env: Mapping[str, str] = field(default_factory=dict)
    sockets: Mapping[str, int] = field(default_factory=dict)


class ServiceProcess(OneChild):
    """One process of a service, with its log in DATA/logs/<service>-<index>.log."""

    stop_steps = (StopStep(signal=signal.SIGTERM, seconds=10),)

    def __init__(self, service: Service, index: int, *, env: Mapping[str, str], data: Path) -> None:
        super().__init__()
        self.name = f"{service.name}-{index}"
        self.log = data / "logs" / f"{self.name}.log"
        self._argv = service.argv
        self._env = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            **env,
            **service.env,
            **{variable: str(number) for variable, number in service.sockets.items()},
            "WARMLINE_INSTANCE": self.name,
        }
        self._files = tuple(service.sockets.values())

    async def start(self) -> None:
        """Start the process; it is not yet ready on return. Raises OperatorError if it cannot be executed."""
        self._child = await Child.start(
            ChildSpec(argv=self._argv, log=self.log, env=self._env, death_signal=signal.SIGKILL, files=self._files)
        )


def service_processes(table: tuple[Service, ...], *, env: Mapping[str, str], data: Path) -> list[ServiceProcess]:
    """Every process that `table` asks for."""
    return [
        ServiceProcess(service, index, env=env, data=data) for service in table for index in range(service.processes)
    ]
