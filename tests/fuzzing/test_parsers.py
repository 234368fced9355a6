"""Every parser takes any bytes. ``make fuzz`` tries longer; what it finds becomes a file in ``corpus``."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fuzzing.effort import enough, seed
from tests.fuzzing.targets import TARGETS, words

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("target", "known"), [(name, known) for name, target in TARGETS.items() for known in target.seeds()]
)
def test_what_is_known_passes(target: str, known: str) -> None:
    TARGETS[target].run(TARGETS[target].seeds()[known])


@pytest.fixture(scope="module")
def fuzzer() -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.fuzzing.run"]
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no build for this machine")
@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_break_it(target: str, fuzzer: subprocess.Popen[str], tmp_path: Path) -> None:
    corpus, broken, dictionary = tmp_path / "corpus", tmp_path / "broken", tmp_path / "words"
    corpus.mkdir()
    broken.mkdir()
    for name, known in TARGETS[target].seeds().items():
        (corpus / name).write_bytes(known)
    dictionary.write_text(
        "\n".join('"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"' for word in words()), encoding="ascii"
    )
    log = tmp_path / "log"
    asked = [
        *(str(log), target, str(corpus), f"-dict={dictionary}"),
        *(
            enough(TARGETS[target].inputs),
            f"-seed={seed()}",
            f"-artifact_prefix={broken}/",
            "-timeout=10",
            "-rss_limit_mb=1500",
        ),
        *("-max_len=20000", "-print_final_stats=1"),
    ]
    assert fuzzer.stdin is not None
    assert fuzzer.stdout is not None
    print(json.dumps(asked), file=fuzzer.stdin, flush=True)
    code = fuzzer.stdout.readline().strip()
    said = log.read_text(encoding="utf-8", errors="replace") if log.exists() else ""
    found = "\n".join(f"{file.name}: {file.read_bytes()!r}" for file in broken.iterdir())
    advice = f"Keep the bytes in tests/fuzzing/corpus/{target}/ under a name that says what they are, and mend it."
    assert code == "0", f"{said[-12_000:]}\n{found}\n{advice}"
