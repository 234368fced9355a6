"""Counting what is made durable: the calls of fsync and fdatasync of everything that a command starts.

strace follows all its processes, servers included. A seccomp filter has it stop them at these two calls and no others,
and it needs no root. Nothing else tells: nats-server keeps no count, and /proc none by process.

What is timed must not run so. A followed process also stops at each signal that it gets, and Go's runtime sends its
threads many: under strace the textbook way made 56 to 80 events a second at 10,000 µs of processor each, and without
it 218 at 4,540 µs. So fsyncs are counted in a pass of their own (``counting_pass``).
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

_TOLD_BY: Final = "BENCH_FSYNCS"
_STRACE: Final = ("strace", "-f", "--seccomp-bpf", "-qq", "-e", "signal=none", "-e", "trace=fsync,fdatasync")
_APART: Final = "-DDD"
"""What is followed is then the process that was started, which gets the signals; strace, in a session of its own, gets
none, not even those of a terminal. It must outlive them all: without it the filter has their calls fail."""
_PROBE: Final = "import os, sys; os.fsync(os.open(sys.argv[1], os.O_RDONLY))"
_PROBE_SECONDS: Final = 30


class _Count:
    """Lines of strace's file, counted as it grows."""

    def __init__(self) -> None:
        self._read, self._found = 0, 0

    def so_far(self) -> int | None:
        file = os.environ.get(_TOLD_BY)
        if not file:
            return None
        with Path(file).open("rb") as lines:
            lines.seek(self._read)
            new = lines.read()
        self._read += len(new)
        self._found += _calls(new)
        return self._found


def _calls(lines: bytes) -> int:
    return lines.count(b"sync(")  # a call that another interrupts has a second line, "sync resumed"


_count: Final = _Count()


def fsyncs_so_far() -> int | None:
    """Return how many there were since the start; None when they are not counted."""
    return _count.so_far()


def why_not_counted() -> str | None:
    """Return why nothing can be counted on this machine; None when it can."""
    if shutil.which(_STRACE[0]) is None:
        return "strace is missing"
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as folder:
        file = Path(folder) / "fsyncs"
        file.touch()
        command = _followed([sys.executable, "-c", _PROBE, str(file)], file)
        try:
            subprocess.run(command, check=False, capture_output=True, timeout=_PROBE_SECONDS)
        except subprocess.TimeoutExpired:
            return "strace stands still"
        return None if _calls(file.read_bytes()) == 1 else "strace may not follow what is started"


async def run_counted(command: Sequence[str], file: Path, log: Path) -> int:
    """Run ``command`` under strace, where ``fsyncs_so_far`` tells, and return its exit code; ``file`` is strace's.

    What it prints goes to ``log``. Cancelled, it has the command end in order, by SIGTERM, and waits until it has.
    """
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            *_followed(command, file), env={**os.environ, _TOLD_BY: str(file)}, stdout=output, stderr=output
        )
    try:
        return await process.wait()
    finally:
        if process.returncode is None:
            process.terminate()
            await process.wait()


def _followed(command: Sequence[str], file: Path) -> list[str]:
    return [*_STRACE, _APART, "-o", str(file), "--", *command]
