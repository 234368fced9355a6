"""The supervisor: keeps embedded servers and services running until it is told to stop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from infra.embedded.child import describe_exit
from infra.operator_error import OperatorError

LONGEST_PAUSE = 10.0
_GIVE_UP_AFTER = 4


class Unit(Protocol):
    """One process that can be kept running."""

    @property
    def name(self) -> str:
        """What operators call it."""

    @property
    def log(self) -> Path:
        """Where its output goes."""

    async def start(self) -> None:
        """Return when it may be used. Raises OperatorError."""

    async def wait(self) -> int:
        """Return its exit code when it ends."""

    async def stop(self) -> None:
        """Return when it is gone."""


class Backoff:
    """Seconds to wait before the next start: 0.2 doubling up to ``longest``, anew after a run of 30 s."""

    def __init__(self, longest: float = LONGEST_PAUSE) -> None:
        self.failures = 0
        self._longest = longest

    def after(self, ran_for: float) -> float:
        """Return the wait after a run that lasted `ran_for` seconds."""
        self.failures = 1 if ran_for >= 30 else self.failures + 1
        return float(min(0.2 * 2 ** min(self.failures - 1, 10), self._longest))


class Supervisor:
    """Starts servers, then services, restarts what ends by itself, and stops services first, servers in reverse.

    Use it from the main thread: see Child.
    """

    def __init__(
        self,
        *,
        servers: Sequence[Unit],
        services: Sequence[Unit],
        report: Callable[[str], None],
        longest_pause: float = LONGEST_PAUSE,
    ) -> None:
        """`report` receives one line for each thing an operator should know.

        `longest_pause` bounds the seconds before what ends again and again is started again.
        """
        self._longest_pause = longest_pause
        self._servers = servers
        self._services = list(services)
        self._report = report
        self._keepers: list[asyncio.Task[None]] = []
        self._failing: asyncio.Queue[Unit] = asyncio.Queue()

    async def start_servers(self) -> None:
        """Start the servers in order. Raises OperatorError if one does not start."""
        await self._start(self._servers)

    async def start_services(self) -> None:
        """Start the services. Raises OperatorError if one cannot be executed."""
        await self._start(self._services)

    async def start_beside(self, service: Unit) -> None:
        """Start one service more. Raises OperatorError if it cannot be executed."""
        self._services.append(service)
        await self._start([service])

    async def failing(self) -> Unit:
        """Wait for a process that has now ended several times in a row. It is still restarted."""
        return await self._failing.get()

    async def stop(self) -> None:
        """Stop everything that runs: services together, then the servers one by one, last started first."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(service.stop() for service in self._services))
        for server in reversed(self._servers):
            await server.stop()

    async def _start(self, units: Sequence[Unit]) -> None:
        for unit in units:
            await unit.start()
            self._keepers.append(asyncio.create_task(self._keep(unit), name=f"keep {unit.name}"))

    async def _keep(self, unit: Unit) -> None:
        clock, backoff = asyncio.get_running_loop().time, Backoff(self._longest_pause)
        started = clock()
        while True:
            outcome = describe_exit(await unit.wait())
            restarted = False
            while not restarted:
                delay = backoff.after(clock() - started)
                if backoff.failures == _GIVE_UP_AFTER:
                    self._failing.put_nowait(unit)
                self._report(f"{unit.name} {outcome}; starting it again in {delay:.1f} s (log: {unit.log})")
                await asyncio.sleep(delay)
                started = clock()
                try:
                    await unit.start()
                except OperatorError as error:
                    await unit.stop()
                    outcome = f"did not start: {error}"
                else:
                    restarted = True
