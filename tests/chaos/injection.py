"""Doing a fault to a deployment, and undoing it.

What sleeps here is a fault's own length, or looks again at what tells nobody.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import get_args

import psycopg

from shared.crash_points import CrashPoint
from tests.chaos.deployment import Deployment, Held
from tests.chaos.fault_kinds import Act
from tests.chaos.link import Trouble
from tests.chaos.schedule import Fault

_LOOK_SECONDS = 0.05
_FENCE_SECONDS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Injected:
    """A fault that was done, by the wall clock. ``happened`` is false for a crash point that nobody came to."""

    fault: Fault
    began: float
    ended: float
    happened: bool = True


class Injector:
    """Does faults to one deployment; several at a time. An order to die stands for ``reach`` seconds."""

    def __init__(self, deployment: Deployment, *, reach: float = 20.0) -> None:
        self._deployment = deployment
        self._reach = reach
        self._turns = itertools.count()
        self._fencing: list[asyncio.Task[str | None]] = []
        self._ordering: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._acts: dict[Act, Callable[[Fault], Awaitable[Injected]]] = {
            "crash": self._crash,
            "kill": self._kill,
            "stop": self._stop,
            "server": self._server,
            "power": self._power,
            "link": self._link,
            "cable": self._cable,
        }

    async def inject(self, fault: Fault) -> Injected:
        """Return when the fault is over."""
        return await self._acts[fault.kind.act](fault)

    async def wrong(self) -> list[str]:
        """Return what a fault showed to be wrong by itself: an owner that came back and was not fenced."""
        return [wrong for wrong in await asyncio.gather(*self._fencing) if wrong is not None]

    async def _crash(self, fault: Fault) -> Injected:
        point = next(point for point in get_args(CrashPoint) if fault.kind.name.endswith(point))
        processes = self._deployment.processes(fault.target)
        async with self._ordering[fault.target]:
            began = time.time()
            for process in processes:
                self._deployment.order_death(process, point)
            try:
                while all(self._deployment.ordered(process) for process in processes):
                    if time.time() - began > self._reach:
                        return Injected(fault=fault, began=began, ended=time.time(), happened=False)
                    await asyncio.sleep(_LOOK_SECONDS)
            finally:
                for process in processes:
                    self._deployment.withdraw(process)
        return Injected(fault=fault, began=began, ended=time.time())

    async def _kill(self, fault: Fault) -> Injected:
        processes = self._deployment.processes(fault.target)
        unit = self._deployment.services[processes[next(self._turns) % len(processes)]]
        with _held(unit):
            return await self._lasting(fault, unit.kill)

    async def _stop(self, fault: Fault) -> Injected:
        began = time.time()
        shard, epoch, pid = await self._owner(fault.target)
        try:
            os.kill(pid, signal.SIGSTOP)
        except ProcessLookupError:  # another fault has just killed it
            return Injected(fault=fault, began=began, ended=time.time(), happened=False)
        try:
            await asyncio.sleep(fault.seconds)
        finally:
            os.kill(pid, signal.SIGCONT)
        self._fencing.append(asyncio.create_task(self._fenced(fault, shard, epoch)))
        return Injected(fault=fault, began=began, ended=time.time())

    async def _fenced(self, fault: Fault, shard: str, epoch: int) -> str | None:
        """Return None once the shard has been given away since, else what is wrong."""
        ended = time.monotonic()
        while time.monotonic() - ended < _FENCE_SECONDS:
            if (await self._owner(fault.target, shard))[1] > epoch:
                return None
            await asyncio.sleep(_LOOK_SECONDS)
        return f"the owner of {fault.target}/{shard} stood still for {fault.seconds:.0f} s and was not fenced"

    async def _owner(self, service: str, shard: str | None = None) -> tuple[str, int, int]:
        """Return a shard, its epoch, and its owner's process id; waits while PostgreSQL is away."""
        query = f"SELECT shard, epoch, owner FROM {service}.shards WHERE %s::text IS NULL OR shard = %s ORDER BY shard"
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    self._deployment.run.postgres_url, autocommit=True, connect_timeout=2
                ) as connection:
                    rows = await (await connection.execute(query.encode(), (shard, shard))).fetchall()
            except psycopg.Error:
                await asyncio.sleep(_LOOK_SECONDS)
            else:
                found, epoch, owner = rows[next(self._turns) % len(rows)]
                return found, epoch, int(owner.split(":")[1])

    async def _server(self, fault: Fault) -> Injected:
        nodes = self._deployment.nats
        match fault.target:
            case "postgres/restart":
                began = time.time()
                self._deployment.postgres.kill(signal.SIGQUIT)
                return Injected(fault=fault, began=began, ended=time.time())
            case "postgres/kill":
                units = [self._deployment.postgres]
            case "nats/all":
                units = nodes
            case _:
                units = [nodes[next(self._turns) % len(nodes)]]
        with _held(*units):
            return await self._lasting(fault, lambda: [unit.kill() for unit in units])

    async def _power(self, fault: Fault) -> Injected:
        image, nodes = self._deployment.image, self._deployment.nats
        assert image is not None
        with _held(*nodes):
            began = time.time()
            image.cut()
            for node in nodes:
                node.kill()
            await asyncio.sleep(fault.seconds)
            await asyncio.to_thread(image.unmount)
            await asyncio.to_thread(image.mount)
        return Injected(fault=fault, began=began, ended=time.time())

    async def _link(self, fault: Fault) -> Injected:
        service, bus, name = fault.target.split("/")
        trouble = next(trouble for trouble in get_args(Trouble) if trouble == name)
        links = self._deployment.links(service, "nats" if bus == "nats" else "postgres")
        try:
            return await self._lasting(fault, lambda: [link.begin(trouble) for link in links])
        finally:
            for link in links:
                link.end()

    async def _cable(self, fault: Fault) -> Injected:
        cable = self._deployment.cable
        assert cable is not None
        try:
            return await self._lasting(fault, cable.pull)
        finally:
            cable.plug()

    @staticmethod
    async def _lasting(fault: Fault, act: Callable[[], object]) -> Injected:
        began = time.time()
        act()
        await asyncio.sleep(fault.seconds)
        return Injected(fault=fault, began=began, ended=time.time())


@contextmanager
def _held(*units: Held) -> Iterator[None]:
    for unit in units:
        unit.hold()
    try:
        yield
    finally:
        for unit in units:
            unit.release()
