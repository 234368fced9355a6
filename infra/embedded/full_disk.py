"""After its disk was full, nats-server does not write to that stream again: it is started anew once there is room."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

FULL_BELOW: Final = 1024**2
"""Bytes free: with so few, some write has failed or is about to."""
ROOM_ABOVE: Final = 32 * 1024**2
"""Bytes free: with so many, a server started anew can work for a while."""
_LOOK_SECONDS: Final = 1.0
_REFUSED: Final = (b"no space left on device", b"disk quota exceeded")


class StoringServer(Protocol):
    """A running server that stores in a folder."""

    @property
    def name(self) -> str: ...  # noqa: D102
    @property
    def log(self) -> Path: ...  # noqa: D102
    @property
    def folder(self) -> Path: ...  # noqa: D102
    @property
    def pid(self) -> int | None: ...  # noqa: D102

    async def stop(self) -> None: ...  # noqa: D102


def free_bytes(folder: Path) -> int:
    """Return how many bytes this process may still write on the disk of ``folder``."""
    disk = os.statvfs(folder)
    return disk.f_frsize * (disk.f_bfree if os.geteuid() == 0 else disk.f_bavail)


class FullDisk:
    """Whether the disk of one server was full since the server started: as the disk is seen, and by the server's log.

    The log may miss it, for it is often on the same disk; and the disk may be looked at too late.
    """

    def __init__(self, server: StoringServer, free: Callable[[Path], int] = free_bytes) -> None:
        self._server = server
        self._free = free
        self._pid = server.pid
        self._read = _size(server.log)
        self._was_full = False

    def look(self) -> bool:
        """Look again; tell whether the server must be started anew now: its disk was full, and has room."""
        if self._server.pid != self._pid:
            self._pid, self._was_full = self._server.pid, False
            self._read = _size(self._server.log)
        free = self._free(self._server.folder)
        self._was_full = self._was_full or free < FULL_BELOW or self._refused_a_write()
        return self._was_full and free > ROOM_ABOVE

    def _refused_a_write(self) -> bool:
        size = _size(self._server.log)
        if size <= self._read:
            return False
        with self._server.log.open("rb") as file:
            file.seek(self._read)
            said = file.read(size - self._read)
        self._read = size
        return any(words in said for words in _REFUSED)


async def restart_when_there_is_room(servers: Sequence[StoringServer], report: Callable[[str], None]) -> None:
    """Stop each server whose disk was full as soon as it has room, until cancelled; whoever keeps it starts it anew."""
    disks = {server.name: FullDisk(server) for server in servers}
    while True:
        await asyncio.sleep(_LOOK_SECONDS)
        for server in servers:
            if disks[server.name].look():
                report(
                    f"{server.name}: its disk was full and has room again; starting it anew, so that it writes again"
                )
                before = server.pid
                await server.stop()
                await _started_anew(server, before)


async def _started_anew(server: StoringServer, before: int | None) -> None:
    """Return when another process runs: of a cluster's servers on one disk, only one is to be away at a time."""
    while server.pid in {None, before}:  # noqa: ASYNC110 -- its keeper starts it
        await asyncio.sleep(_LOOK_SECONDS)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
