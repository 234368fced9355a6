"""A file system that can lose its power: what was written and not fsynced is gone. Needs root."""

from __future__ import annotations

import ctypes
import fcntl
import os
import struct
import subprocess
import tempfile
import time
from pathlib import Path

_IOC_SHUTDOWN = 0x8004587D  # _IOR('X', 125, __u32)
_NO_LOG_FLUSH = 2
_UNMOUNT_SECONDS = 10.0
_LIBC = ctypes.CDLL(None, use_errno=True)
_CLONE_NEWNS = 0x00020000


class StoreImage:
    """An ext4 file system in a file, mounted at ``folder``."""

    def __init__(self, folder: Path, *, megabytes: int) -> None:
        self._folder = folder
        self._image = folder.with_name(f"{folder.name}.ext4")
        self._megabytes = megabytes

    def make(self) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with self._image.open("wb") as image:
            image.truncate(self._megabytes << 20)
        _run("mkfs.ext4", "-q", "-F", "-E", "lazy_itable_init=0,lazy_journal_init=0,nodiscard", self._image)
        self.mount()

    def mount(self) -> None:
        _run("mount", "-o", "loop", self._image, self._folder)

    def cut(self) -> None:
        """Cut the power: from here on nothing reaches the image, its journal included."""
        folder = os.open(self._folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _IOC_SHUTDOWN, struct.pack("I", _NO_LOG_FLUSH))
        finally:
            os.close(folder)

    def unmount(self) -> None:
        """Unmount, waiting for those who have just ended; what was not written is lost with it."""
        deadline = time.monotonic() + _UNMOUNT_SECONDS
        while True:
            try:
                _run("umount", self._folder)
            except subprocess.CalledProcessError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def remove(self) -> None:
        """Leave nothing behind, whatever state it is in."""
        if os.path.ismount(self._folder):
            self.unmount()
        self._image.unlink(missing_ok=True)


def own_mounts() -> None:
    """Have what is mounted from here on vanish with the last of our processes, whatever ends them."""
    if os.geteuid() == 0 and _LIBC.unshare(_CLONE_NEWNS) == 0:
        _run("mount", "--make-rprivate", "/")


def why_no_power_cut() -> str | None:
    """Return None where the power of a file system can be cut, else why not."""
    if os.geteuid() != 0:
        return "mounting a file system needs root"
    with tempfile.TemporaryDirectory(prefix="warmline-power-") as place:
        image = StoreImage(Path(place, "store"), megabytes=16)
        try:
            image.make()
            image.cut()
        except (OSError, subprocess.CalledProcessError) as error:
            said = error.stderr.strip() if isinstance(error, subprocess.CalledProcessError) else str(error)
            return f"no ext4 image can be mounted and shut down ({said})"
        finally:
            image.remove()
    return None


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
