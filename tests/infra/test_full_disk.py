"""When a server is started anew because its disk was full: with pretended disks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from infra.embedded.full_disk import FULL_BELOW, ROOM_ABOVE, FullDisk

REFUSED = "[ERR] Filestore [MEMBER_EVENTS] Critical write error: write 3.blk: no space left on device\n"
HALF = (FULL_BELOW + ROOM_ABOVE) // 2


@dataclass
class Server:
    name: str
    log: Path
    folder: Path
    pid: int | None = 1

    async def stop(self) -> None: ...


class Disk:
    def __init__(self) -> None:
        self.free = 2 * ROOM_ABOVE

    def __call__(self, _folder: Path) -> int:
        return self.free


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server("nats", tmp_path / "nats.log", tmp_path)


@pytest.fixture
def disk() -> Disk:
    return Disk()


def test_with_room_nothing_happens(server: Server, disk: Disk) -> None:
    watch = FullDisk(server, disk)
    disk.free = HALF
    assert not watch.look()
    disk.free = 2 * ROOM_ABOVE
    assert not watch.look()


def test_it_waits_until_there_is_enough_room(server: Server, disk: Disk) -> None:
    watch = FullDisk(server, disk)
    disk.free = 0
    assert not watch.look()
    disk.free = HALF
    assert not watch.look()
    disk.free = 2 * ROOM_ABOVE
    assert watch.look()


def test_a_refused_write_in_the_log_counts_when_the_disk_was_not_looked_at_in_time(server: Server, disk: Disk) -> None:
    watch = FullDisk(server, disk)
    server.log.write_text("[INF] Server is ready\n")
    assert not watch.look()
    server.log.write_text(server.log.read_text() + REFUSED)
    assert watch.look()


def test_what_the_log_held_before_does_not_count(server: Server, disk: Disk) -> None:
    server.log.write_text(REFUSED)
    watch = FullDisk(server, disk)
    assert not watch.look()


def test_once_started_anew_it_is_well(server: Server, disk: Disk) -> None:
    watch = FullDisk(server, disk)
    disk.free = 0
    watch.look()
    disk.free, server.pid = 2 * ROOM_ABOVE, 2
    assert not watch.look()
