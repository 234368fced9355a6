"""mypy and ruff, as the project sets them, catch what is planted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.planted import empty_tree, plant, run

SOUND = '''"""A module."""

from __future__ import annotations


def double(number: int) -> int:
    """Return twice ``number``."""
    return 2 * number
'''
UNTYPED = [
    ("no-untyped-def", "\n\ndef half(number):\n    return number / 2\n"),
    ("type-arg", "\n\ndef first(numbers: list) -> int:\n    return 0\n"),
    ("no-any-return", "\nimport json\n\n\ndef read(text: str) -> int:\n    return json.loads(text)\n"),
    ("unreachable", "\n\ndef same(number: int) -> int:\n    return number\n    return 2\n"),
    ("ignore-without-code", "\n\nNUMBER: int = 'one'  # type: ignore\n"),
    ("arg-type", "\n\nFOUR = double('two')\n"),
]
UNSTYLED = [
    ("F401", "import os\n"),
    ("D103", "\n\ndef half(number: int) -> float:\n    return number / 2\n"),
    ("E501", f"\nNAME = '{'x' * 120}'\n"),
    ("T201", "\nprint(double(2))\n"),
    ("DTZ005", "\nimport datetime\n\nNOW = datetime.datetime.now()\n"),
    ("BLE001", "\ntry:\n    double(2)\nexcept Exception:\n    FOUR = 4\n"),
    ("C901", "\n\ndef choose(n: int) -> int:\n" + "".join(f"    if n == {n}:\n        n += {n}\n" for n in range(13))),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    empty_tree(tmp_path)
    plant(tmp_path, {"services/numbers.py": SOUND})
    return tmp_path


def test_sound_code_passes(tree: Path) -> None:
    for tool, *arguments in (["mypy"], ["ruff", "check", "--no-cache"], ["ruff", "format", "--check", "--no-cache"]):
        result = run(tree, tool, *arguments)
        assert result.returncode == 0, result.stdout


def test_mypy_catches_what_is_planted(tree: Path) -> None:
    for code, text in UNTYPED:
        plant(tree, {f"services/planted_{code.replace('-', '_')}.py": SOUND + text})
    result = run(tree, "mypy")
    assert result.returncode == 1
    found = {
        (Path(line.partition(":")[0]).stem, line.rpartition("[")[2].rstrip("]"))
        for line in result.stdout.splitlines()
        if "error:" in line
    }
    assert found >= {(f"planted_{code.replace('-', '_')}", code) for code, _ in UNTYPED}


@pytest.mark.parametrize(("rule", "text"), UNSTYLED)
def test_ruff_catches_what_is_planted(tree: Path, rule: str, text: str) -> None:
    plant(tree, {"services/planted.py": SOUND + text})
    result = run(tree, "ruff", "check", "--no-cache", "--output-format", "concise")
    assert result.returncode == 1
    assert rule in result.stdout


def test_ruff_catches_unformatted_code(tree: Path) -> None:
    plant(tree, {"services/planted.py": SOUND + "\n\nFOUR = double( 2 )\n"})
    assert run(tree, "ruff", "format", "--check", "--no-cache").returncode == 1
