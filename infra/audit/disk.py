"""How full the disks are on which the servers keep their data, where the auditor can see them."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.looking.look import NEARLY_FULL

_GB: Final = 1e9
LEAST_FREE: Final = 2_000_000_000
"""Bytes; with less, PostgreSQL's log and NATS's next blocks may already find no room."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Disk:
    """The disk under ``folder``, in bytes."""

    folder: Path
    total: int
    free: int

    @property
    def used_share(self) -> float:
        """The share that is used, 0 to 1."""
        return 1 - self.free / self.total if self.total else 0.0


def look_at_disks(folders: Iterable[Path]) -> tuple[Disk, ...]:
    """Return the disk of each folder that can be seen."""
    disks = []
    for folder in folders:
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            continue
        disks.append(Disk(folder=folder, total=usage.total, free=usage.free))
    return tuple(disks)


def why_too_full(disk: Disk, growth: int, bound: float = NEARLY_FULL) -> str | None:
    """Return what is wrong with a disk that is fuller than ``bound`` and cannot hold ``growth`` bytes more."""
    if disk.used_share < bound or disk.free >= max(growth, LEAST_FREE):
        return None
    return (
        f"the disk of {disk.folder} is {disk.used_share:.0%} full: {disk.free / _GB:.1f} GB are free, and the streams "
        f"may still grow by {growth / _GB:.1f} GB"
    )
