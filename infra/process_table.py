"""What Linux tells about running processes, read from /proc."""

from __future__ import annotations

from pathlib import Path


def process_identity(pid: int) -> str | None:
    """Name process `pid` as no later process is named (boot id and start time); None if it is not running."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name, in parentheses, may itself hold spaces and parentheses.
    fields = stat.rpartition(")")[2].split()
    state, started = fields[0], fields[19]
    return None if state in "ZX" else f"{boot}:{started}"


def process_using(pid_file: Path, path: Path) -> int | None:
    """Return the pid in `pid_file`, if that process runs and its command line names `path`; else None."""
    try:
        pid = int(pid_file.read_text(encoding="utf-8").split(maxsplit=1)[0])
        command = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except (FileNotFoundError, ProcessLookupError, ValueError, IndexError):
        return None
    return pid if str(path).encode() in command else None
