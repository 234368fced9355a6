"""The services as child processes: a table of what to run, and each running process of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

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

    @property
    def names(self) -> tuple[str, ...]:
        """What its processes are called."""
        return tuple(f"{self.name}-{index}" for index in range(self.processes))


class ServiceProcess(OneChild):
    """One process of a service, with its log in DATA/logs/<service>-<index>.log."""

    stop_steps = (StopStep(signal=signal.SIGTERM, seconds=10),)

    def __init__(
        self, service: Service, index: int, *, env: Mapping[str, str], data: Path, metrics_port: int | None = None
    ) -> None:
        super().__init__()
        self.name = service.names[index]
        self.log = data / "logs" / f"{self.name}.log"
        self._argv = service.argv
        self._env = {
            # Else glibc keeps a heap for each thread that writes to the database, each as large as it ever was.
            "MALLOC_ARENA_MAX": "2",
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            **env,
            **service.env,
            **{variable: str(number) for variable, number in service.sockets.items()},
            "WARMLINE_INSTANCE": self.name,
            **({} if metrics_port is None else {"WARMLINE_METRICS_PORT": str(metrics_port)}),
        }
        self._files = tuple(service.sockets.values())

    async def start(self) -> None:
        """Start the process; it is not yet ready on return. Raises OperatorError if it cannot be executed."""
        self._child = await Child.start(
            ChildSpec(argv=self._argv, log=self.log, env=self._env, death_signal=signal.SIGKILL, files=self._files)
        )


def service_processes(
    table: tuple[Service, ...],
    *,
    env: Mapping[str, str],
    data: Path,
    metrics_ports: Mapping[str, int] = MappingProxyType({}),
) -> list[ServiceProcess]:
    """Every process that `table` asks for; `metrics_ports` says by its name where each tells its metrics."""
    return [
        ServiceProcess(service, index, env=env, data=data, metrics_port=metrics_ports.get(name))
        for service in table
        for index, name in enumerate(service.names)
    ]
