"""The files of an export, one after another: from a folder or a tar, which is never unpacked nor held as a whole."""

from __future__ import annotations

import lzma
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tarfile import ReadError, TarFile
from typing import Final, Protocol, Self

from infra.operator_error import OperatorError

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
_DAMAGE: Final = (tarfile.TarError, EOFError, zlib.error, lzma.LZMAError, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """``path`` is ``folder/file`` wherever the archive lies; ``why`` tells why ``body`` is None."""

    path: str
    size: int
    body: bytes | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How many files there are besides the index, and their bytes."""

    files: int
    size: int
    index: bytes | None


class Archive(Protocol):
    """An export that can be gone through as often as needed."""

    def survey(self, index: str) -> Survey:
        """Return what ``files`` would yield, with the body of the file called ``index``.

        Raises OperatorError if the archive is damaged anywhere.
        """
        ...

    def files(self) -> Iterator[ArchiveFile]:
        """Yield each ``.json`` file; raises OperatorError if the archive is damaged."""
        ...


def open_archive(path: Path) -> Archive:
    """Return the archive at ``path``; raises OperatorError if there is none."""
    if path.is_dir():
        return _Folder(path)
    if not path.exists():
        raise OperatorError(f"{path} does not exist. Give the folder or the tar file of the export.")
    return _Tar(path)


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def survey(self, index: str) -> Survey:
        paths = self._paths()
        others = [path for path in paths if path.name != index]
        found = next((path for path in paths if path.name == index), None)
        return Survey(
            files=len(others),
            size=sum(path.stat().st_size for path in others),
            index=found.read_bytes() if found is not None else None,
        )

    def files(self) -> Iterator[ArchiveFile]:
        for path in self._paths():
            name, size = _short(path.as_posix()), 0
            try:
                size = path.stat().st_size
                body = path.read_bytes() if size <= MAX_FILE_BYTES else None
            except OSError as error:
                yield ArchiveFile(path=name, size=size, body=None, why=f"cannot be read: {error.strerror}")
            else:
                yield _file(name, size, body)

    def _paths(self) -> list[Path]:
        return sorted(path for path in self._root.rglob("*.json") if path.is_file())


class _StrictEntry(tarfile.TarInfo):
    """An entry whose damaged header is an error wherever it stands: TarFile takes it for the end of the archive."""

    @classmethod
    def fromtarfile(cls, tar: TarFile) -> Self:
        try:
            return super().fromtarfile(tar)
        except tarfile.EOFHeaderError:  # type: ignore[attr-defined]  # missing in typeshed
            raise
        except tarfile.HeaderError as error:
            raise ReadError(str(error)) from error


class _Tar:
    def __init__(self, path: Path) -> None:
        self._path = path

    def survey(self, index: str) -> Survey:
        files, size, found = 0, 0, None
        for tar, entry in self._entries():
            if entry.name.rpartition("/")[2] == index:
                found = _body(tar, entry)
            else:
                files, size = files + 1, size + entry.size
        return Survey(files=files, size=size, index=found)

    def files(self) -> Iterator[ArchiveFile]:
        for tar, entry in self._entries():
            yield _file(_short(entry.name), entry.size, _body(tar, entry))

    def _entries(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        read = 0
        try:
            with tarfile.open(self._path, "r|*", tarinfo=_StrictEntry) as tar:
                for entry in tar:
                    if entry.isreg() and entry.name.endswith(".json"):
                        yield tar, entry
                    read += 1
                    # TarFile remembers every entry it has passed; a stream has no use for them.
                    tar.members = []  # type: ignore[attr-defined]  # missing in typeshed
        except _DAMAGE as error:
            if read == 0:
                raise OperatorError(
                    f"{self._path} is neither a folder nor a tar file that can be read: {error}."
                ) from error
            raise OperatorError(
                f"{self._path} is damaged after {read} entries: {error}. Fetch it again; or unpack what can be read "
                "and give the folder instead."
            ) from error


def _body(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes | None:
    stream = tar.extractfile(entry) if entry.size <= MAX_FILE_BYTES else None
    return stream.read() if stream is not None else None


def _file(path: str, size: int, body: bytes | None) -> ArchiveFile:
    why = "" if body is not None else f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB"
    return ArchiveFile(path=path, size=size, body=body, why=why)


def _short(path: str) -> str:
    # File names that are no UTF-8 reach Python with lone surrogates, which nothing that is sent can carry.
    path = path.encode("utf-8", "backslashreplace").decode()
    return "/".join(path.split("/")[-2:])
