"""Tables as CSV files with a line of headings, read by a mapping: a row is an object with a field for each column."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

import msgspec

from infra.importing.archive import ArchiveFile
from infra.importing.reading import Piece, PieceReader, Read, Skipped, found
from infra.operator_error import OperatorError
from services.ingest.platforms.facts import Fact, NotAFactError
from services.ingest.platforms.mailing_list import without_address
from services.ingest.platforms.mapping import mapped
from services.ingest.platforms.reading import EventRule, NotUnderstoodError
from shared.contracts.names import digest

_ROWS_A_PIECE: Final = 1_000
_LONGEST_LINE: Final = 1_000_000
"""That of a cell, too."""
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of arrival that a mapping could fall back on: each rule has a time, so none does."""

Row = tuple[int, dict[str, str]]
"""The number of its last line, and what stands in it by column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """``rules`` read each row. No e-mail address is kept: by ``key``, a cell becomes what stands for its owner."""

    platform: str
    rules: tuple[EventRule, ...]
    key: str
    delimiter: str = ","

    index = frozenset[str]()
    expected = "CSV files whose first line names the columns"

    @property
    def selection(self) -> str:
        """Return what stands for the mapping: once it is mended, what it could not read is read again."""
        return digest(msgspec.json.encode(self.rules, order="sorted").decode(), self.delimiter)

    def holds(self, path: str) -> bool:
        """A table is a CSV file."""
        return path.endswith((".csv", ".tsv"))

    def reader(self, _index: Mapping[str, bytes]) -> PieceReader:
        """Return the reader; a row does not arrive, so each rule must find a time in it."""
        for number, rule in enumerate(self.rules):
            if rule.time is None:
                raise OperatorError(f"The mapping's rule [{number}] has no time: say in which column it stands.")
        return self._pieces

    def _pieces(self, file: ArchiveFile) -> Iterator[Piece | Skipped]:
        with file.open() as opened:
            position, rows = 0, list[Row]()
            try:
                for row in _rows(opened.stream, self.delimiter):
                    rows.append(row)
                    if len(rows) == _ROWS_A_PIECE:
                        now = opened.position()
                        yield self._piece(file, rows, now - position)
                        position, rows = now, []
            except csv.Error as error:
                after = f" after line {rows[-1][0]}" if rows else ""
                yield Skipped(file=file.path, place=None, why=f"not CSV{after}: {error}")
            if rows:
                yield self._piece(file, rows, file.size - position)

    def _piece(self, file: ArchiveFile, rows: Sequence[Row], size: int) -> Piece:
        content = hashlib.sha256(repr(rows).encode("utf-8", "replace")).hexdigest()
        return Piece(
            id=digest(file.path, content),
            file=file.path,
            size=size,
            lane=file.path,
            read=partial(self._read, file.path, rows),
        )

    def _read(self, path: str, rows: Sequence[Row]) -> Read:
        for line, row in rows:
            yield from found(path, f"line {line}", partial(self._facts, row))

    def _facts(self, row: Mapping[str, str]) -> Sequence[Fact]:
        payload = {name: without_address(cell, self.key) for name, cell in row.items()}
        try:
            row_as = mapped(self.rules, payload, _NEVER)
        except NotUnderstoodError as error:
            raise NotAFactError(str(error)) from error
        if row_as.problems:
            raise NotAFactError(row_as.problems[0])
        if not row_as.facts:
            raise NotAFactError("no rule of the mapping applies")
        return row_as.facts


def _rows(stream: io.BufferedIOBase, delimiter: str) -> Iterator[Row]:
    """Yield each row without its empty cells, so that a rule finds nothing there."""
    csv.field_size_limit(_LONGEST_LINE)
    table = csv.reader(_lines(stream), delimiter=delimiter)
    headings = next(table, None)
    if headings is None:
        raise csv.Error("it is empty")
    for cells in table:
        yield table.line_num, {name: cell for name, cell in zip(headings, cells, strict=False) if cell.strip()}


def _lines(stream: io.BufferedIOBase) -> Iterator[str]:
    first = True
    while line := stream.readline(_LONGEST_LINE):
        if len(line) == _LONGEST_LINE and not line.endswith(b"\n"):
            raise csv.Error(f"a line is longer than {_LONGEST_LINE} bytes")
        yield line.decode("utf-8-sig" if first else "utf-8", "replace").replace("\0", "")
        first = False
