"""Tells waiters that the queue has changed: woken by NOTIFY, certain by looking once a second."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Final

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from services.projections.queue.view import CHANGES_CHANNEL
from services.projections.reading import Reader
from shared.postgres_liveness import lively_conninfo

_LOOK_SECONDS: Final = 1.0
_log = structlog.get_logger()


class QueueChanges:
    """Watches how far the queue has come. A half-open LISTEN connection costs a second, never a change."""

    def __init__(self, reader: Reader, postgres_url: str) -> None:
        self._reader = reader
        self._url = lively_conninfo(postgres_url)
        self._woken = asyncio.Event()
        self._changed = asyncio.Condition()
        self._mark: tuple[int, int] | None = None
        self._closed = False

    @property
    def mark(self) -> tuple[int, int]:
        """How far the queue had come when it was last looked at."""
        return self._mark or (0, 0)

    async def run(self) -> None:
        """Watch until cancelled; a database that is away is waited for."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._look())

    async def close(self) -> None:
        """Let every waiter go, now and from now on."""
        self._closed = True
        async with self._changed:
            self._changed.notify_all()

    async def follow(self, idle_seconds: float) -> AsyncIterator[tuple[int, int]]:
        """Yield the mark at every change, and unchanged after ``idle_seconds`` without one; ends at :meth:`close`."""
        told = self.mark
        while not self._closed:
            async with self._changed:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(idle_seconds):
                        await self._change_from(told)
            if not self._closed:
                told = self.mark
                yield told

    async def wait_until(self, holds: Callable[[], Awaitable[bool]], seconds: float) -> bool:
        """Return whether ``holds`` comes true within ``seconds``; it is asked again after every change."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            seen = self.mark
            if await holds():
                return True
            if self._closed or asyncio.get_running_loop().time() >= deadline:
                return False
            async with self._changed:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout_at(deadline):
                        await self._change_from(seen)

    async def _change_from(self, seen: tuple[int, int]) -> None:
        """Return when there is news after ``seen``, or no more will come; the condition's lock is held."""
        while not self._closed and self.mark == seen:
            await self._changed.wait()

    async def _look(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._woken.wait()
            self._woken.clear()
            try:
                mark = await self._reader.queue_mark()
            except (psycopg.Error, PoolTimeout):
                continue
            if mark != self._mark:
                self._mark = mark
                async with self._changed:
                    self._changed.notify_all()

    async def _listen(self) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._url, autocommit=True) as listening:
                    await listening.execute(f"LISTEN {CHANGES_CHANNEL}")
                    self._woken.set()
                    async for _ in listening.notifies():
                        self._woken.set()
            except psycopg.Error as error:
                _log.warning(
                    "queue_changes_unheard", error=" ".join(str(error).split()), effect="looking once a second"
                )
            await asyncio.sleep(_LOOK_SECONDS)
