"""The page of guarantees is true in what it names: every test is there, and every class of failure has its own."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "guarantees.md"


def test_every_file_that_is_named_exists() -> None:
    named = re.findall(r"\]\(([^)#]+)", PAGE.read_text(encoding="utf-8"))
    missing = {name for name in named if not (PAGE.parent / name).exists()}
    assert missing == set()


def test_every_class_of_failure_has_a_test_and_a_row() -> None:
    row = re.compile(r"^\| (\d+) \|.*\]\(\.\./tests/failures/([\w.]+)\) \|$", re.MULTILINE)
    rows = row.findall(PAGE.read_text(encoding="utf-8"))
    tests = sorted(path.name for path in (ROOT / "tests" / "failures").glob("test_*.py"))
    assert [name for _, name in rows] == tests
    assert [int(number) for number, _ in rows] == list(range(1, 21))
    assert all(name.startswith(f"test_{int(number):02}_") for number, name in rows)
