"""The ways to cut a file into pieces: whole, when it is small, and by blocks of lines, when it may be of any length."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, Final

from infra.importing.archive import ArchiveFile, TooLargeError
from infra.importing.reading import Piece, Read, Skipped
from shared.contracts.names import digest

_BLOCK_BYTES: Final = 1_000_000
_LONGEST_LINE: Final = 8_000_000

Line = tuple[int, bytes | None]
"""A line with its number, from 1; None for one that is too long to be held."""


def whole_file(file: ArchiveFile, lane: str, read: Callable[[bytes], Read]) -> Iterator[Piece | Skipped]:
    """Yield a file that is read at once as one piece."""
    try:
        body = file.read()
    except TooLargeError as error:
        yield Skipped(file=file.path, place=None, why=str(error))
        return
    piece = digest(file.path, hashlib.sha256(body).hexdigest())
    yield Piece(id=piece, file=file.path, size=file.size, lane=lane, read=lambda: read(body))


def line_blocks(file: ArchiveFile, lane: str, read: Callable[[Sequence[Line]], Read]) -> Iterator[Piece | Skipped]:
    """Yield blocks of about a megabyte of whole lines."""
    with file.open() as opened:
        position, held, lines = 0, 0, list[Line]()
        for numbered in enumerate(_lines(opened.stream), start=1):
            lines.append(numbered)
            held += len(numbered[1] or b"")
            if held >= _BLOCK_BYTES:
                now = opened.position()
                yield _block(file, lane, partial(read, lines), lines, now - position)
                position, held, lines = now, 0, []
        if lines:
            yield _block(file, lane, partial(read, lines), lines, file.size - position)


def _block(file: ArchiveFile, lane: str, read: Callable[[], Read], lines: Sequence[Line], size: int) -> Piece:
    content = hashlib.sha256()
    for _number, line in lines:
        content.update(line or b"")
    piece = digest(file.path, str(lines[0][0]), content.hexdigest())
    return Piece(id=piece, file=file.path, size=size, lane=lane, read=read)


def _lines(stream: io.BufferedIOBase) -> Iterator[bytes | None]:
    while line := stream.readline(_LONGEST_LINE):
        if len(line) < _LONGEST_LINE or line.endswith(b"\n"):
            yield line
            continue
        while line and not line.endswith(b"\n"):
            line = stream.readline(_LONGEST_LINE)
        yield None


def json_list(body: bytes) -> list[Any]:
    """Return the list that ``body`` is as JSON; raises ValueError with the reason if it is none."""
    try:
        items = json.loads(body)  # unlike msgspec, it reads on past half a character: that is one item's fault
    except (ValueError, RecursionError) as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(items, list):
        raise ValueError("not a list of messages")  # noqa: TRY004 - of the file's content, not of a value
    return items
