from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import re
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from infra.importing import archive
from infra.importing.archive import Archive, Survey, TooLargeError, open_archive, survey
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
    path = root / f"export.tar.{mode}".rstrip(".")
    with tarfile.open(path, f"w:{mode}") as tar:  # type: ignore[call-overload]
        tar.add(folder(root), "export")
        link = tarfile.TarInfo("export/1-general/link.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    return path


def zipped(root: Path) -> Path:
    path = root / "export.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.mkdir("export")
        for name, body in FILES.items():
            packed.writestr(f"export/{name}", body)
    return path


def looked(archive: Archive) -> Survey:
    index = "stream_index.json"
    return survey(archive, {index}, lambda path: path.endswith(".json") and not path.endswith(index))


@pytest.mark.parametrize("end", [".json", ".json.gz"])
def test_parts_of_a_file_are_read_in_their_order(tmp_path: Path, end: str) -> None:
    names = [f"help{end}", f"help [part 2]{end}", f"help [part 10]{end}", f"other{end}"]
    (tmp_path / "parts").mkdir()
    with zipfile.ZipFile(tmp_path / "parts.zip", "w") as packed:
        for name in reversed(names):
            packed.writestr(name, b"")
            (tmp_path / "parts" / name).write_bytes(b"")
    for path in (tmp_path / "parts", tmp_path / "parts.zip"):
        read = [file.path.rpartition("/")[2] for file in open_archive(path).files()]
        assert read == [name.removesuffix(".gz") for name in names]


@pytest.mark.parametrize("mode", ["", "gz", "xz", "bz2", "zip"])
def test_a_packed_export_yields_what_the_folder_yields(tmp_path: Path, mode: str) -> None:
    expected = {name if "/" in name else f"export/{name}": body for name, body in FILES.items()}
    folder(tmp_path)
    for path in (zipped(tmp_path) if mode == "zip" else packed(tmp_path, mode), tmp_path / "export"):
        assert {file.path: file.read() for file in open_archive(path).files()} == expected
        seen = looked(open_archive(path))
        assert (seen.files, seen.size, seen.index) == (3, 11, {"stream_index.json": FILES["stream_index.json"]})


@pytest.mark.parametrize(("suffix", "pack"), [("gz", gzip.compress), ("xz", lzma.compress), ("bz2", bz2.compress)])
def test_a_packed_file_is_unpacked_wherever_it_lies(
    tmp_path: Path, suffix: str, pack: Callable[[bytes], bytes]
) -> None:
    (tmp_path / "export").mkdir()
    file = tmp_path / "export" / f"2026-11-22-0.json.{suffix}"
    file.write_bytes(pack(b"{}"))
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as packed:
        packed.write(file, f"export/{file.name}")
    for path, name in (
        (file, "2026-11-22-0.json"),
        (file.parent, "export/2026-11-22-0.json"),
        (tmp_path / "export.zip", "export/2026-11-22-0.json"),
    ):
        found = [(each.path, each.size, each.read()) for each in open_archive(path).files()]
        assert found == [(name, file.stat().st_size, b"{}")]


def test_a_damaged_or_locked_zip_says_so(tmp_path: Path) -> None:
    path = zipped(tmp_path)
    whole = path.read_bytes()
    path.write_bytes(whole[:-40])
    with pytest.raises(OperatorError, match=r"export.zip is no zip file that can be read: .*Fetch it again"):
        list(open_archive(path).files())
    flagged = re.sub(rb"(PK\x03\x04..).(.)", b"\\1\x01\\2", whole, flags=re.DOTALL)  # as encrypted
    path.write_bytes(re.sub(rb"(PK\x01\x02....).(.)", b"\\1\x01\\2", flagged, flags=re.DOTALL))
    for file in open_archive(path).files():
        with pytest.raises(zipfile.BadZipFile, match="encrypted"):
            file.read()


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
        looked(open_archive(path))


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
        looked(open_archive(path))


@pytest.mark.parametrize("body", [b"", b"PK\x03\x04 a zip", b"\xfd7zXZ\x00 not really", b"\x1f\x8b\x08 nor this"])
@pytest.mark.parametrize("kind", ["tar", "zip"])
def test_another_file_is_named_as_such(tmp_path: Path, body: bytes, kind: str) -> None:
    path = tmp_path / f"export.{kind}"
    path.write_bytes(body)
    with pytest.raises(OperatorError, match=f"is no {kind} file that can be read: .*Fetch it again"):
        looked(open_archive(path))


def test_a_missing_path_is_named(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="nothing-here does not exist"):
        open_archive(tmp_path / "nothing-here")


def test_a_huge_file_is_named_and_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_FILE_BYTES", 4)
    for path in (packed(tmp_path, "gz"), tmp_path / "export"):
        for file in open_archive(path).files():
            if file.path == "1-general/a.json":
                assert file.read() == b"[1]"
            if file.path == "1-general/b.20c.json":
                with pytest.raises(TooLargeError, match="larger than"):
                    file.read()
