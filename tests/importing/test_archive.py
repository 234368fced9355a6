from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from infra.importing import archive
from infra.importing.archive import open_archive
from infra.operator_error import OperatorError

FILES = {
    "1-general/a.json": b"[1]",
    "1-general/b.20c.json": b"[2, 3]",
    "2-help/d.json": b"[]",
    "stream_index.json": b'{"streams": {}}',
    "README.md": b"not for us",
}


def folder(root: Path) -> Path:
    for name, body in FILES.items():
        (root / "export" / name).parent.mkdir(parents=True, exist_ok=True)
        (root / "export" / name).write_bytes(body)
    return root / "export"


def packed(root: Path, mode: str) -> Path:
    path = root / f"export.tar.{mode}"
    with tarfile.open(path, f"w:{mode}") as tar:  # type: ignore[call-overload]
        tar.add(folder(root), "export")
        link = tarfile.TarInfo("export/1-general/link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


@pytest.mark.parametrize("mode", ["", "gz", "xz"])
def test_a_tar_yields_what_the_folder_yields(tmp_path: Path, mode: str) -> None:
    expected = {"export/stream_index.json": FILES["stream_index.json"]} | {
        name: body for name, body in FILES.items() if "/" in name
    }
    for path in (packed(tmp_path, mode), tmp_path / "export"):
        files = list(open_archive(path).files())
        assert {file.path: file.body for file in files} == expected
        survey = open_archive(path).survey("stream_index.json")
        assert (survey.files, survey.size, survey.index) == (3, 11, FILES["stream_index.json"])


def test_a_file_name_that_is_no_utf8_can_be_sent(tmp_path: Path) -> None:
    (tmp_path / "export" / "1-general").mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/export/1-general/caf\xe9.json")).write_bytes(b"[]")
    with tarfile.open(tmp_path / "export.tar", "w") as tar:
        tar.add(tmp_path / "export", "export")
    for name in ("export", "export.tar"):
        (file,) = open_archive(tmp_path / name).files()
        assert file.path == r"1-general/caf\udce9.json"


def test_a_truncated_tar_says_so_before_anything_is_sent(tmp_path: Path) -> None:
    path = tmp_path / "large.tar.xz"
    with tarfile.open(path, "w:xz") as tar:
        for number in range(20):
            entry = tarfile.TarInfo(f"1-general/{number}.json")
            body = bytes((number * position * 31) % 251 for position in range(20_000))
            entry.size = len(body)
            tar.addfile(entry, io.BytesIO(body))
    path.write_bytes(path.read_bytes()[:-3_000])
    with pytest.raises(OperatorError, match=r"large.tar.xz is damaged after \d+ entries: .*Fetch it again"):
        open_archive(path).survey("stream_index.json")


@pytest.mark.parametrize("damage", ["changed", "cut before", "cut within"])
def test_a_tar_with_a_bad_header_in_the_middle_is_damaged_and_not_short(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "export.tar"
    with tarfile.open(path, "w") as tar:
        for number in range(4):
            entry = tarfile.TarInfo(f"1-general/{number}.json")
            entry.size = 2
            tar.addfile(entry, io.BytesIO(b"[]"))
    whole, third = path.read_bytes(), 2 * 1024
    path.write_bytes(
        {
            "changed": whole[:third] + b"\xff" + whole[third + 1 :],
            "cut before": whole[:third],
            "cut within": whole[: third + 100],
        }[damage]
    )
    with pytest.raises(OperatorError, match=r"export.tar is damaged after 2 entries: .*Fetch it again"):
        open_archive(path).survey("stream_index.json")


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 a zip", b"\xfd7zXZ\x00 not really", b"\x1f\x8b\x08 nor this"])
def test_another_file_is_named_as_such(tmp_path: Path, body: bytes) -> None:
    path = tmp_path / "export.bin"
    path.write_bytes(body)
    with pytest.raises(OperatorError, match="neither a folder nor a tar file"):
        open_archive(path).survey("stream_index.json")


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="nothing-here does not exist"):
        open_archive(tmp_path / "nothing-here")


def test_a_huge_file_is_named_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 4)
    for path in (packed(tmp_path, "gz"), tmp_path / "export"):
        bodies = {file.path: (file.body, file.why) for file in open_archive(path).files()}
        assert bodies["1-general/a.json"] == (b"[1]", "")
        assert bodies["1-general/b.20c.json"][0] is None
        assert bodies["1-general/b.20c.json"][1].startswith("larger than")
