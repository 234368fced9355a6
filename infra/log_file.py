"""The log files under DATA/logs: opened with rotation by size, read from their end."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

ROTATE_ABOVE = 5_000_000
"""Bytes; a log found larger when its process starts becomes `<name>.1`, replacing the one before."""


def open_log(path: Path) -> BinaryIO:
    """Open the log `path` for appending; missing folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > ROTATE_ABOVE:
        path.replace(path.with_name(path.name + ".1"))
    return path.open("ab")


def last_lines(path: Path, count: int = 15) -> list[str]:
    """Read the last `count` lines of the log `path`, none if it does not exist."""
    if not path.exists():
        return []
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - 64_000))
        return file.read().decode("utf-8", errors="replace").splitlines()[-count:]
