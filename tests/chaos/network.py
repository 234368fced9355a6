"""Network namespaces of our own: one process behind a cable that can be pulled. Needs root."""

from __future__ import annotations

import ctypes
import os
import socket
import subprocess
import threading
from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNET = 0x40000000
# TEST-NET-1 (RFC 5737): used nowhere, and here inside namespaces that we made only.
_INSIDE, _OUTSIDE = "192.0.2.2", "192.0.2.1"


class Cable:
    """Two namespaces and a veth pair between them: a process lives in the inner, we listen in the outer for it."""

    def __init__(self) -> None:
        self._inner, self._outer = (f"warmline-{os.getpid()}-{side}" for side in ("in", "out"))

    def lay(self) -> None:
        for namespace in (self._inner, self._outer):
            _ip("netns", "add", namespace)
            _ip("-n", namespace, "link", "set", "lo", "up")
        _ip("-n", self._inner, "link", "add", "cable", "type", "veth", "peer", "name", "cable", "netns", self._outer)
        for namespace, address in ((self._inner, _INSIDE), (self._outer, _OUTSIDE)):
            _ip("-n", namespace, "address", "add", f"{address}/30", "dev", "cable")
            _ip("-n", namespace, "link", "set", "cable", "up")

    def pull(self) -> None:
        _ip("-n", self._inner, "link", "set", "cable", "down")

    def plug(self) -> None:
        _ip("-n", self._inner, "link", "set", "cable", "up")

    def remove(self) -> None:
        """Remove whatever of it there is."""
        for namespace in (self._inner, self._outer):
            if Path("/run/netns", namespace).exists():
                _ip("netns", "delete", namespace)

    def run_inside(self) -> tuple[str, ...]:
        """Return what stands before a command that is to run in the inner namespace."""
        return ("nsenter", f"--net=/run/netns/{self._inner}", "--")

    def listen_outside(self) -> socket.socket:
        """Return a listening socket that the inner namespace reaches, and nobody else."""
        made: list[socket.socket] = []

        def listen() -> None:
            with Path("/run/netns", self._outer).open() as namespace:
                if _LIBC.setns(namespace.fileno(), _CLONE_NEWNET):
                    raise OSError(ctypes.get_errno(), "setns")
            made.append(socket.create_server((_OUTSIDE, 0)))

        # A socket belongs to the namespace of the thread that makes it, and the thread ends there.
        thread = threading.Thread(target=listen)
        thread.start()
        thread.join()
        return made[0]


def why_no_cable() -> str | None:
    """Return None where cables can be laid, else why not."""
    if os.geteuid() != 0:
        return "network namespaces need root"
    cable = Cable()
    try:
        cable.lay()
        cable.listen_outside().close()
    except (OSError, IndexError, subprocess.CalledProcessError) as error:
        return f"no network namespace can be made ({_said(error)})"
    finally:
        cable.remove()
    return None


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, capture_output=True, text=True)


def _said(error: Exception) -> str:
    return str(error.stderr).strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
