"""What a backup holds: written last, so that a folder with a manifest is a whole backup."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import msgspec

from infra.operator_error import OperatorError
from infra.private_file import write_private

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
_CHUNK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptFile:
    """A file of the backup, by its name in the folder."""

    name: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptStream:
    """A stream's snapshot: what it was called by its readers, its configuration, and how it stood."""

    name: str
    reader: str
    config: dict[str, Any]
    messages: int
    last: int
    file: KeptFile


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """One backup.

    ``facts_from`` is the last sequence of MEMBER_EVENTS when the snapshot of TOUCH_FACTS began: what came back from
    touches after it may have no cause in the backup.
    """

    format: int = FORMAT
    warmline: str
    began_at: datetime
    ended_at: datetime
    partitions: int
    postgres: str
    nats: str
    facts_from: int
    database: KeptFile
    streams: tuple[KeptStream, ...]
    others: tuple[KeptFile, ...] = ()

    @property
    def files(self) -> tuple[KeptFile, ...]:
        """Every file beside the manifest."""
        return (self.database, *(stream.file for stream in self.streams), *self.others)


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write the manifest, which makes the folder a backup."""
    text = json.dumps(msgspec.to_builtins(manifest), indent=2)
    write_private(folder / MANIFEST, text + "\n")


def read_manifest(folder: Path) -> Manifest:
    """Return the manifest in ``folder``; raises OperatorError when there is none that this build understands."""
    file = folder / MANIFEST
    try:
        manifest = msgspec.json.decode(file.read_bytes(), type=Manifest)
    except FileNotFoundError as error:
        raise OperatorError(
            f"{folder} is no backup, or one that did not come to its end: it has no {MANIFEST}."
        ) from error
    except (OSError, msgspec.DecodeError) as error:
        raise OperatorError(f"{file} cannot be read: {error}. Take another backup, or this folder's copy.") from error
    if manifest.format != FORMAT:
        raise OperatorError(
            f"{file} has the format {manifest.format}, and this Warmline reads {FORMAT}: use a newer one."
        )
    return manifest


def check_files(folder: Path, manifest: Manifest, reached: Callable[[int], None]) -> None:
    """Raise OperatorError unless every file is there as it was written; ``reached`` is told the bytes read so far."""
    done = 0
    for kept in manifest.files:
        digest, size = hashlib.sha256(), 0
        try:
            with (folder / kept.name).open("rb") as file:
                while chunk := file.read(_CHUNK):
                    digest.update(chunk)
                    size += len(chunk)
                    done += len(chunk)
                    reached(done)
        except OSError as error:
            raise OperatorError(f"{folder / kept.name} of the backup cannot be read: {error.strerror}.") from error
        if (size, digest.hexdigest()) != (kept.bytes, kept.sha256):
            raise OperatorError(
                f"{folder / kept.name} is not as it was written: {size:,} of {kept.bytes:,} bytes, and its checksum "
                "differs. The backup is damaged: use another copy of it, or another backup."
            )
