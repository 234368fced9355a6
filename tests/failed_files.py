"""The files in which a test failed in the run before, to be run again whole: many are a story, test upon test."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--failed-files",
        action="store_true",
        help="run the files in which a test failed in the run before, whole, whatever paths are given",
    )


def pytest_configure(config: pytest.Config) -> None:
    if not config.getoption("failed_files"):
        return
    failed = config.cache.get("cache/lastfailed", {}) if config.cache else {}
    files = dict.fromkeys(name.split("::")[0] for name in failed)
    config.args = [str(path) for file in files if (path := config.rootpath / file).is_file()]
    if not config.args:
        raise pytest.UsageError("--failed-files: the run before tells of no file in which a test failed")
