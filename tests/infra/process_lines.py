"""What runs on this machine, by its command lines."""

from __future__ import annotations

from pathlib import Path


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
