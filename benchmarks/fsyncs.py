"""Counting what is made durable: the calls of fsync and fdatasync of everything that a measurement starts.

The measurements run under strace, which follows all their processes, servers included. A seccomp filter has it stop
them at these two calls and no others, so that it costs next to nothing elsewhere, and it needs no root. Nothing else
tells: nats-server keeps no count, and /proc none by process.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import psutil

_TOLD_BY: Final = "BENCH_FSYNCS"
_TRACE: Final = ("-f", "--seccomp-bpf", "-qq", "-e", "trace=fsync,fdatasync")


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
        self._found += new.count(b"sync(")  # a call that another interrupts has a second line, "sync resumed"
        return self._found


_count: Final = _Count()


def fsyncs_so_far() -> int | None:
    """Return how many there were since the start; None when they are not counted."""
    return _count.so_far()


def run_counted(module: str, arguments: Sequence[str]) -> int | None:
    """Run ``python -m module`` again under strace and return its exit code; None where that cannot be."""
    strace = shutil.which("strace")
    if strace is None or _TOLD_BY in os.environ:
        return None
    with tempfile.TemporaryDirectory(prefix="warmline-bench-") as folder:
        file = Path(folder) / "fsyncs"
        file.touch()
        probe = subprocess.run(
            [strace, *_TRACE, "-o", file, "--", sys.executable, "-c", ""], check=False, capture_output=True
        )
        if probe.returncode:
            return None
        with subprocess.Popen(
            [strace, *_TRACE, "-o", file, "--", sys.executable, "-m", module, *arguments],
            env={**os.environ, _TOLD_BY: str(file)},
        ) as counting:
            _pass_on_signals(counting.pid)
            return counting.wait()


def _pass_on_signals(strace: int) -> None:
    """Have what ends this process end the measurements, in order: strace takes no signals, and must outlive them."""

    def pass_on(number: int, _frame: object) -> None:
        for process in psutil.Process(strace).children():
            process.send_signal(number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, pass_on)
