"""Waiting on a condition, with a deadline."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from pathlib import Path

_EVERY = 0.02


def wait_until(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        threading.Event().wait(_EVERY)


async def wait_until_async(condition: Callable[[], bool], *, seconds: float = 10.0) -> None:
    await asyncio.to_thread(wait_until, condition, seconds=seconds)


def processes_naming(text: str) -> list[str]:
    """The command lines of running processes that contain `text`."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = file.read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            continue
        if text in command:
            found.append(command)
    return found
