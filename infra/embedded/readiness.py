"""Waiting for an embedded server: for the end of an earlier one, and for the first answer of a new one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

from infra.embedded.child import Child, describe_exit
from infra.operator_error import OperatorError
from infra.process_table import process_using

_PROBE_EVERY = 0.02


async def wait_until_unused(server: str, pid_file: Path, path: Path, *, seconds: float = 15.0) -> None:
    """Wait until no process uses `path`: after a crash, servers of the earlier run may still be closing it.

    Raises OperatorError naming the process that still does after `seconds`.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while (pid := process_using(pid_file, path)) is not None:
        if asyncio.get_running_loop().time() > deadline:
            raise OperatorError(
                f"Process {pid} is a {server} that already uses {path}. "
                f"Stop the Warmline that it belongs to, or end it with: kill -INT {pid}"
            )
        await asyncio.sleep(_PROBE_EVERY)


async def wait_until_ready(
    server: str, child: Child, probe: Callable[[], Awaitable[str | None]], *, log: Path, seconds: float = 600.0
) -> None:
    """Call `probe` until it returns None; otherwise it returns why the server is not ready yet.

    After a crash a server first reads back what it has logged: minutes, where much was written on a slow disk.
    Raises OperatorError if the server ends, or is not ready after `seconds`.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        why_not = await probe()
        # A stranger may answer on the port of a server that is already gone.
        if child.returncode is not None:
            raise OperatorError(f"{server} {describe_exit(child.returncode)} while it started. See {log}", log=log)
        if why_not is None:
            return
        if asyncio.get_running_loop().time() > deadline:
            raise OperatorError(f"{server} was not ready after {seconds:.0f} s: {why_not}. See {log}", log=log)
        await asyncio.sleep(_PROBE_EVERY)
