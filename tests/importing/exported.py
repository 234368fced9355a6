"""A small export, held in memory, as its reader reads it."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from infra.importing.archive import ArchiveFile
from infra.importing.reading import ExportFormat, Found, Skipped
from services.ingest.platforms.facts import Fact


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadExport:
    """What came of an export, each with its place."""

    found: list[Found]
    skipped: list[Skipped]

    @property
    def facts(self) -> list[Fact]:
        return [each.fact for each in self.found]

    @property
    def data(self) -> list[Any]:
        return [each.fact.data for each in self.found]

    @property
    def why(self) -> dict[str, str]:
        """Why something was skipped, by ``file, place``."""
        return {f"{each.file}, {each.place}" if each.place else each.file: each.why for each in self.skipped}


def read(export: ExportFormat, files: Mapping[str, Any]) -> ReadExport:
    """Read ``files``, by their paths: bytes or a text as they are, everything else as JSON."""
    bodies = {path: _bytes(content) for path, content in files.items()}
    reader = export.reader({path: body for path, body in bodies.items() if path in export.index})
    found, skipped = list[Found](), list[Skipped]()
    for path, body in bodies.items():
        if not export.holds(path):
            continue
        for piece in reader(_file(path, body)):
            for each in [piece] if isinstance(piece, Skipped) else piece.read():
                if isinstance(each, Skipped):
                    skipped.append(each)
                else:
                    found.append(each)
    return ReadExport(found=found, skipped=skipped)


def _bytes(content: Any) -> bytes:
    if isinstance(content, bytes):
        return content
    return (content if isinstance(content, str) else json.dumps(content)).encode()


def _file(path: str, body: bytes) -> ArchiveFile:
    return ArchiveFile(path=path, size=len(body), packed=lambda: io.BytesIO(body), unpacked=_as_it_is)


def _as_it_is(stream: Any) -> io.BufferedIOBase:
    assert isinstance(stream, io.BufferedIOBase)
    return stream
