"""Ending an asyncio program by signal, with its clean-up undisturbed."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignals:
    """From its making on, Ctrl-C, SIGTERM and SIGHUP only set `received`; it is never unset."""

    def __init__(self) -> None:
        self.received = asyncio.Event()
        loop = asyncio.get_running_loop()
        for number in _SIGNALS:
            loop.add_signal_handler(number, self.received.set)

    async def unless_received(self, work: Coroutine[Any, Any, None]) -> bool:
        """Do `work` and return True; or, if a signal comes first, cancel it and return False."""
        task, stop = asyncio.create_task(work), asyncio.create_task(self.received.wait())
        try:
            await asyncio.wait({task, stop}, return_when=asyncio.FIRST_COMPLETED)
            if task.done():
                task.result()
                return True
            return False
        finally:
            task.cancel()
            stop.cancel()
            await asyncio.gather(task, stop, return_exceptions=True)
