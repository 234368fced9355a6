"""Writing the files of a backup: private, checksummed and on the disk before the manifest names them."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from infra.backup.manifest import KeptFile


class KeptFileWriter:
    """Writes one file of a backup; use it as a context manager, then ask for ``kept``."""

    def __init__(self, folder: Path, name: str) -> None:
        self._name = name
        descriptor = os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self._file = os.fdopen(descriptor, "wb", buffering=1 << 20)
        self._digest = hashlib.sha256()
        self._bytes = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()

    def write(self, data: bytes) -> int:
        """Add ``data``; return how much the file holds now, in bytes."""
        self._file.write(data)
        self._digest.update(data)
        self._bytes += len(data)
        return self._bytes

    @property
    def kept(self) -> KeptFile:
        """What the manifest says of the file."""
        return KeptFile(name=self._name, bytes=self._bytes, sha256=self._digest.hexdigest())
