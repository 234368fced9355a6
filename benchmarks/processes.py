"""Processor time and memory of processes with all their children."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import psutil


def tree(pids: Iterable[int]) -> list[psutil.Process]:
    """Return the processes and all that descend from them, each once."""
    found: dict[int, psutil.Process] = {}
    for pid in pids:
        try:
            process = psutil.Process(pid)
            found |= {one.pid: one for one in (process, *process.children(recursive=True))}
        except psutil.NoSuchProcess:
            continue
    return list(found.values())


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the processor time that the processes and their children have used, those that ended included."""
    total = 0.0
    for process in tree(pids):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system + times.children_user + times.children_system
    return total


def resident_mib(pid: int) -> float:
    """Return what a process holds in memory, in MiB; raises psutil.NoSuchProcess."""
    return float(psutil.Process(pid).memory_info().rss) / 2**20


@asynccontextmanager
async def running_module(module: str, env: Mapping[str, str], log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run ``python -m module`` with its output in ``log``, and stop it at the end."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", module, env={**_own_environment(), **env}, stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(15):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def _own_environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if not key.startswith("WARMLINE_")}
    # The contestants stand beside the project, not in what is installed of it.
    return {**kept, "PYTHONPATH": str(Path(__file__).parent.parent)}
