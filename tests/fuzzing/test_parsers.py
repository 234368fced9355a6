"""Every parser takes any bytes. ``make fuzz`` tries longer; what it finds becomes a file in ``corpus``."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fuzzing.effort import seconds, seed
from tests.fuzzing.targets import TARGETS, words

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    ("target", "known"), [(name, known) for name, target in TARGETS.items() for known in target.seeds()]
)
def test_what_is_known_passes(target: str, known: str) -> None:
    TARGETS[target].run(TARGETS[target].seeds()[known])


@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="atheris has no build for this machine")
@pytest.mark.parametrize("target", TARGETS)
def test_no_bytes_break_it(target: str, tmp_path: Path) -> None:
    corpus, broken, dictionary = tmp_path / "corpus", tmp_path / "broken", tmp_path / "words"
    corpus.mkdir()
    broken.mkdir()
    for name, known in TARGETS[target].seeds().items():
        (corpus / name).write_bytes(known)
    dictionary.write_text(
        "\n".join('"' + "".join(f"\\x{byte:02x}" for byte in word.encode()) + '"' for word in words()), encoding="ascii"
    )
    time = seconds(1)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "tests.fuzzing.run", target, str(corpus), f"-dict={dictionary}"),
            *(
                f"-max_total_time={time}",
                f"-seed={seed()}",
                f"-artifact_prefix={broken}/",
                "-timeout=10",
                "-rss_limit_mb=1500",
            ),
            *("-max_len=20000", "-print_final_stats=1"),
        ],
        cwd=ROOT,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=time + 60,
        check=False,
    )
    found = "\n".join(f"{file.name}: {file.read_bytes()!r}" for file in broken.iterdir())
    advice = f"Keep the bytes in tests/fuzzing/corpus/{target}/ under a name that says what they are, and mend it."
    assert run.returncode == 0, f"{run.stdout}\n{run.stderr[-6000:]}\n{found}\n{advice}"
