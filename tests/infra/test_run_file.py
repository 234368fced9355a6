from __future__ import annotations

import os
import stat
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.operator_error import OperatorError
from infra.process_table import process_identity
from infra.run_file import RunFile, read_run, running, sole_use, write_run
from infra.token import administrator_token


def this_run() -> RunFile:
    return RunFile(
        pid=os.getpid(),
        process=process_identity(os.getpid()) or "",
        started_at=datetime(2026, 11, 22, 8, 15, tzinfo=UTC),
        partitions=4,
        nats_url="nats://warmline:secret@127.0.0.1:4222",
        postgres_url="postgresql://warmline:secret@127.0.0.1:5432/warmline",
        desk_url="http://127.0.0.1:8080",
        ingest_url="http://127.0.0.1:8081",
    )


def test_a_run_is_read_as_written_and_only_by_its_owner(tmp_path: Path) -> None:
    assert read_run(tmp_path) is None
    write_run(tmp_path, this_run())
    assert read_run(tmp_path) == this_run()
    assert running(tmp_path) == this_run()
    assert (this_run().nats_ports, this_run().postgres_port) == ((4222,), 5432)
    assert stat.S_IMODE((tmp_path / "run.json").stat().st_mode) == 0o600


def test_a_run_whose_process_is_gone_or_whose_pid_was_reused_is_not_running(tmp_path: Path) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    for stale in (replace(this_run(), pid=gone.pid), replace(this_run(), process="another-boot:1")):
        write_run(tmp_path, stale)
        assert running(tmp_path) is None


def test_an_unreadable_run_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "run.json").write_text("{")
    with pytest.raises(OperatorError, match=r"run\.json cannot be read"):
        read_run(tmp_path)


def test_data_has_one_user_and_is_free_after_its_crash(tmp_path: Path) -> None:
    crash = "import os, sys; from pathlib import Path; from infra.run_file import sole_use\n"
    crash += "with sole_use(Path(sys.argv[1])): os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", crash, str(tmp_path)], check=False)
    with (
        sole_use(tmp_path),
        pytest.raises(OperatorError, match=f"already runs on .*process {os.getpid()}"),
        sole_use(tmp_path),
    ):
        pass
    with sole_use(tmp_path):
        pass


def test_of_all_who_make_a_secret_at_once_one_does(tmp_path: Path) -> None:
    code = "import pathlib, infra.private_file as f; input(); print(f.kept_secret(pathlib.Path('secret')))"
    path = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    made = [
        subprocess.Popen(
            [sys.executable, "-c", code], cwd=tmp_path, env=path, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        for _ in range(4)
    ]
    for process in made:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.flush()
    assert {process.communicate(timeout=30)[0] for process in made} == {(tmp_path / "secret").read_bytes()}
    assert [file.name for file in tmp_path.iterdir()] == ["secret"]


def test_token_is_generated_once_and_the_environment_wins(tmp_path: Path) -> None:
    generated = administrator_token(tmp_path, {})
    assert len(generated) == 43
    assert administrator_token(tmp_path, {"WARMLINE_TOKEN": ""}) == generated
    assert administrator_token(tmp_path, {"WARMLINE_TOKEN": "given"}) == "given"
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600
    with pytest.raises(OperatorError, match="WARMLINE_TOKEN holds"):
        administrator_token(tmp_path, {"WARMLINE_TOKEN": "grüße"})
