"""The layers of the project hold, and a planted violation of each contract is caught."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.planted import PROJECT, plant, run, whole_tree

PLANTED = [
    ("layers", "services/triage/handlers.py", "import infra.ports"),
    ("layers", "shared/workspace.py", "import services.triage.needs"),
    ("services", "services/projections/errors.py", "from services.notifier import touch"),
    ("services", "services/analytics.py", '"""A service of its own."""'),
    ("composition", "infra/status.py", "import services.triage.main"),
    ("shared", "shared/contracts/names.py", "import shared.decider"),
    ("shared", "shared/event_store/codec.py", "import shared.workspace"),
    ("shared", "shared/helpers.py", '"""A new module that nobody placed."""'),
    ("triage", "services/triage/member.py", "from services.triage.situation import Situation"),
    ("triage", "services/triage/helpers.py", '"""A new module that nobody placed."""'),
    ("pure", "services/triage/conversation.py", "from shared.workspace import Workspace"),
    ("pure", "services/triage/needs.py", "import time"),
    ("pure", "services/triage/member.py", "from uuid import uuid4"),
    ("pure", "services/triage/question.py", "import cachetools"),
    ("pure", "services/notifier/touch.py", "import asyncio"),
    ("contracts", "shared/contracts/subjects.py", "import nats"),
]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tree")
    whole_tree(folder)
    return folder


def test_the_contracts_hold() -> None:
    result = run(PROJECT, "lint-imports", "--no-cache")
    assert result.returncode == 0, result.stdout


@pytest.mark.parametrize(("contract", "file", "line"), PLANTED)
def test_a_violation_is_caught(tree: Path, contract: str, file: str, line: str) -> None:
    path = tree / file
    before = path.read_text(encoding="utf-8") if path.exists() else None
    try:
        plant(tree, {file: f"\n{line}\n"})
        result = run(tree, "lint-imports", "--no-cache", "--contract", contract)
    finally:
        path.write_text(before, encoding="utf-8") if before is not None else path.unlink()
    assert result.returncode == 1, result.stdout + result.stderr
    assert "0 kept, 1 broken" in result.stdout
    assert Path(file).stem in result.stdout


def test_the_unplanted_copy_is_sound(tree: Path) -> None:
    assert run(tree, "lint-imports", "--no-cache").returncode == 0
