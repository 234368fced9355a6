"""A copy of the project in which something wrong is planted, and what the tools say to it."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

PROJECT = Path(__file__).parents[2]
PACKAGES = ("services", "shared", "infra", "benchmarks")


def whole_tree(folder: Path) -> None:
    """Copy every Python file of the packages, and the tools' settings."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    for package in PACKAGES:
        shutil.copytree(PROJECT / package, folder / package, ignore=_all_but_python)


def empty_tree(folder: Path) -> None:
    """Make the packages with nothing in them, and copy the tools' settings."""
    shutil.copy(PROJECT / "pyproject.toml", folder)
    for package in PACKAGES:
        (folder / package).mkdir()
        (folder / package / "__init__.py").write_text('"""A package."""\n')


def plant(folder: Path, files: Mapping[str, str]) -> None:
    """Add the text of each file at its end."""
    for name, text in files.items():
        with (folder / name).open("a", encoding="utf-8") as file:
            file.write(text)


def run(folder: Path, tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of the environment's tools in ``folder``."""
    return subprocess.run(
        [Path(sys.executable).parent / tool, *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={"PATH": "/usr/bin:/bin", "COLUMNS": "200", "PYTHONDONTWRITEBYTECODE": "1"},
    )


def _all_but_python(folder: str, names: list[str]) -> list[str]:
    return [
        name
        for name in names
        if name == "__pycache__" or ((Path(folder) / name).is_file() and not name.endswith(".py"))
    ]
