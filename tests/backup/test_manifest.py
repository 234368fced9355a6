"""A backup's files: written with checksums, and refused when they are not as they were written."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.backup.kept_files import KeptFileWriter
from infra.backup.manifest import Manifest, check_files, read_manifest, write_manifest
from infra.operator_error import OperatorError


@pytest.fixture
def manifest(tmp_path: Path) -> Manifest:
    with KeptFileWriter(tmp_path, "database.dump") as file:
        file.write(b"abc" * 1000)
    now = datetime.now(UTC)
    written = Manifest(
        warmline="1",
        began_at=now,
        ended_at=now,
        partitions=4,
        postgres="18.6",
        nats="2.15.1",
        facts_from=0,
        database=file.kept,
        streams=(),
    )
    write_manifest(tmp_path, written)
    return written


def told(tmp_path: Path) -> int:
    reached: list[int] = []
    check_files(tmp_path, read_manifest(tmp_path), reached.append)
    return reached[-1]


def test_what_was_written_is_read(tmp_path: Path, manifest: Manifest) -> None:
    assert read_manifest(tmp_path) == manifest
    assert told(tmp_path) == 3000
    assert (tmp_path / "database.dump").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"abd" + b"abc" * 999, b"abc" * 999, b"abc" * 1001])
def test_a_file_that_was_changed_is_refused(tmp_path: Path, manifest: Manifest, damage: bytes) -> None:
    (tmp_path / "database.dump").write_bytes(damage)
    with pytest.raises(OperatorError, match=r"database\.dump is not as it was written"):
        told(tmp_path)


def test_a_file_that_is_gone_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    (tmp_path / "database.dump").unlink()
    with pytest.raises(OperatorError, match="cannot be read"):
        told(tmp_path)


def test_a_newer_format_is_refused(tmp_path: Path, manifest: Manifest) -> None:
    write_manifest(tmp_path, replace(manifest, format=9))
    with pytest.raises(OperatorError, match="has the format 9, and this Warmline reads 1"):
        told(tmp_path)
