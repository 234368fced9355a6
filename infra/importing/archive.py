"""The files of an export, one after another, however it is packed: never unpacked, nor held as a whole."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath, PurePosixPath
from tarfile import ReadError, TarFile
from typing import IO, Final, Protocol, Self

from infra.operator_error import OperatorError

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
DAMAGE: Final = (tarfile.TarError, zipfile.BadZipFile, EOFError, zlib.error, lzma.LZMAError, OSError)
"""What reading raises when the archive, or a packed file in it, is damaged."""

_PACKED: Final[Mapping[str, Callable[[IO[bytes]], io.BufferedIOBase]]] = {
    ".gz": lambda packed: gzip.GzipFile(fileobj=packed),
    ".xz": lzma.LZMAFile,
    ".bz2": bz2.BZ2File,
}
_TARS: Final = (".tar", ".tgz", ".txz", ".tbz2", ".tar.gz", ".tar.xz", ".tar.bz2")
_COUNTED: Final = re.compile(r"(\D*)([0-9]{0,18})")


class TooLargeError(ValueError):
    """A file that must be read at once is too large for that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenFile:
    """What a file holds, and ``position``: how many bytes of its ``size`` were read for that."""

    stream: io.BufferedIOBase
    position: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ArchiveFile:
    """A file, to be read before the next one is taken.

    ``path`` is ``folder/file`` wherever the archive lies, without the suffix of a packing; ``size`` is in bytes, as it
    lies there. Opening and reading raise one of DAMAGE.
    """

    path: str
    size: int
    packed: Callable[[], IO[bytes]]
    unpacked: Callable[[IO[bytes]], io.BufferedIOBase]

    @contextmanager
    def open(self) -> Iterator[OpenFile]:
        """Open it for the time of the context."""
        with self.packed() as packed, self.unpacked(packed) as stream:
            yield OpenFile(stream=stream, position=packed.tell)

    def read(self) -> bytes:
        """Return all of it; raises TooLargeError."""
        with self.open() as opened:
            body = opened.stream.read(MAX_FILE_BYTES + 1)
        if len(body) > MAX_FILE_BYTES:
            raise TooLargeError(f"larger than {MAX_FILE_BYTES // 1024 // 1024} MiB")
        return body


@dataclass(slots=True, kw_only=True)
class Survey:
    """How many files with events there are, their bytes in the archive, and the index: bodies by name."""

    files: int = 0
    size: int = 0
    index: dict[str, bytes] = field(default_factory=dict)


class Archive(Protocol):
    """An export that can be gone through as often as needed."""

    def files(self) -> Iterator[ArchiveFile]:
        """Yield every file; raises OperatorError if the archive is damaged."""
        ...


def open_archive(path: Path) -> Archive:
    """Return the archive at ``path``: a folder, a tar, a zip, or a file by itself.

    Raises OperatorError if there is none.
    """
    if path.is_dir():
        return _Folder(path)
    if not path.exists():
        raise OperatorError(f"{path} does not exist. Give the folder or the file of the export.")
    if path.name.lower().endswith(_TARS):
        return _Tar(path)
    if path.suffix.lower() == ".zip":
        return _Zip(path)
    return _Single(path)


def is_single_file(path: Path) -> bool:
    """Tell whether ``path`` is no folder and no archive of files."""
    return not path.is_dir() and not path.name.lower().endswith((*_TARS, ".zip"))


def survey(archive: Archive, index: Container[str], holds: Callable[[str], bool]) -> Survey:
    """Return what the files of ``archive`` for which ``holds`` are together, and those whose names ``index`` has.

    Raises OperatorError if the archive is damaged.
    """
    seen = Survey()
    for file in archive.files():
        name = file.path.rpartition("/")[2]
        if name in index:
            try:
                seen.index[name] = file.read()
            except (*DAMAGE, TooLargeError) as error:
                raise OperatorError(f"{file.path} cannot be read: {error}. Fetch the export again.") from error
        if holds(file.path):
            seen.files, seen.size = seen.files + 1, seen.size + file.size
    return seen


class _Folder:
    def __init__(self, root: Path) -> None:
        self._root = root

    def files(self) -> Iterator[ArchiveFile]:
        for path in sorted((path for path in self._root.rglob("*") if path.is_file()), key=_in_order):
            yield _file(path.as_posix(), path.stat().st_size, _opener(path))


class _Single:
    def __init__(self, path: Path) -> None:
        self._path = path

    def files(self) -> Iterator[ArchiveFile]:
        yield _file(self._path.name, self._path.stat().st_size, _opener(self._path))


class _Zip:
    def __init__(self, path: Path) -> None:
        self._path = path

    def files(self) -> Iterator[ArchiveFile]:
        try:
            packed = zipfile.ZipFile(self._path)
        except DAMAGE as error:
            raise OperatorError(f"{self._path} is no zip file that can be read: {error}. Fetch it again.") from error
        with packed:
            for entry in sorted(packed.infolist(), key=lambda entry: _in_order(PurePosixPath(entry.filename))):
                if not entry.is_dir():
                    yield _file(entry.filename, entry.file_size, partial(_unzipped, packed, entry))


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

    def files(self) -> Iterator[ArchiveFile]:
        read = 0
        try:
            with tarfile.open(self._path, "r|*", tarinfo=_StrictEntry) as tar:
                for entry in tar:
                    if entry.isreg():
                        yield _file(entry.name, entry.size, partial(_extracted, tar, entry))
                    read += 1
                    # TarFile remembers every entry it has passed; a stream has no use for them.
                    tar.members = []  # type: ignore[attr-defined]  # missing in typeshed
        except DAMAGE as error:
            if read == 0:
                raise OperatorError(
                    f"{self._path} is no tar file that can be read: {error}. Fetch it again."
                ) from error
            raise OperatorError(
                f"{self._path} is damaged after {read} entries: {error}. Fetch it again; or unpack what can be read "
                "and give the folder instead."
            ) from error


def _in_order(path: PurePath) -> list[list[tuple[str, int]]]:
    """Sort by folder and name as people count: ``x [part 2].json`` stands after ``x.json``, before ``[part 10]``."""
    name = path.with_suffix("") if path.suffix in _PACKED else path
    return [
        [(words, int(number or -1)) for words, number in _COUNTED.findall(part)]
        for part in (*name.parts[:-1], name.stem, name.suffix)
    ]


def _opener(path: Path) -> Callable[[], IO[bytes]]:
    return lambda: path.open("rb")


def _unzipped(packed: zipfile.ZipFile, entry: zipfile.ZipInfo) -> IO[bytes]:
    try:
        return packed.open(entry)
    except (RuntimeError, NotImplementedError) as error:  # encrypted, or packed in a way that is not known
        raise zipfile.BadZipFile(str(error)) from error


def _extracted(tar: TarFile, entry: tarfile.TarInfo) -> IO[bytes]:
    return tar.extractfile(entry) or io.BytesIO()


def _file(path: str, size: int, packed: Callable[[], IO[bytes]]) -> ArchiveFile:
    # File names that are no UTF-8 reach Python with lone surrogates, which nothing that is sent can carry.
    path = "/".join(path.split("/")[-2:]).encode("utf-8", "backslashreplace").decode()
    suffix = next((suffix for suffix in _PACKED if path.endswith(suffix)), "")
    unpacked = _PACKED.get(suffix, _as_it_is)
    return ArchiveFile(path=path.removesuffix(suffix), size=size, packed=packed, unpacked=unpacked)


def _as_it_is(stream: IO[bytes]) -> io.BufferedIOBase:
    return io.BufferedReader(stream)  # type: ignore[type-var]
