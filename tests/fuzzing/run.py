"""``python -m tests.fuzzing.run``: mutate inputs, led by what of our code they reach.

Each line of stdin is a JSON list: the file that takes what is said, a target, libFuzzer's options. Its exit code is
answered. Our code is read and instrumented once: that takes longer than the suite tries a target.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable

import atheris

OURS = ["services", "shared", "infra"]


def main() -> None:
    with atheris.instrument_imports(include=OURS, enable_loader_override=False):
        from tests.fuzzing.targets import TARGETS
    for line in sys.stdin:
        log, name, *options = json.loads(line)
        child = os.fork()
        if child == 0:
            fuzz(log, name, options, TARGETS[name].run)
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def fuzz(log: str, name: str, options: list[str], run: Callable[[bytes], object]) -> None:
    """Try ``run``, and end this process."""
    said = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(said, 1)
    os.dup2(said, 2)
    atheris.Setup([name, *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
