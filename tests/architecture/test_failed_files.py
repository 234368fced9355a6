"""What failed is run again by whole files: a test of a story is nothing without those before it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TOP = Path(__file__).parents[2]
STORY = """
from pathlib import Path

TOLD = []
BEFORE = Path(__file__).with_name("ran before")

def test_it_begins():
    TOLD.append("a member writes")

def test_it_goes_on():
    assert TOLD
    ran_before = BEFORE.exists()
    BEFORE.touch()
    assert ran_before
"""
SOUND = "def test_it_holds():\n    pass\n"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", "-p", "xdist", "-p", "tests.failed_files", "-c", "/dev/null"]
    return subprocess.run(
        [*command, "--rootdir", folder, "-o", "cache_dir=.pytest_cache", *arguments, folder],
        cwd=TOP,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )


def test_a_story_that_failed_by_chance_is_told_again_from_its_beginning_and_nothing_else_is(tmp_path: Path) -> None:
    (tmp_path / "test_story.py").write_text(STORY)
    (tmp_path / "test_sound.py").write_text(SOUND)
    first = run(tmp_path, "-n", "1", "--dist", "loadfile")
    assert first.returncode == 1
    assert "1 failed, 2 passed" in first.stdout
    again = run(tmp_path, "--exitfirst", "--failed-files")
    assert again.returncode == 0
    assert "2 passed in" in again.stdout


def test_where_nothing_is_known_to_have_failed_nothing_passes(tmp_path: Path) -> None:
    (tmp_path / "test_sound.py").write_text(SOUND)
    gone = tmp_path / ".pytest_cache/v/cache/lastfailed"
    gone.parent.mkdir(parents=True)
    gone.write_text('{"test_that_is_gone.py::test_it": true}')
    again = run(tmp_path, "--failed-files")
    assert again.returncode == 4
    assert "no file in which a test failed" in again.stderr
