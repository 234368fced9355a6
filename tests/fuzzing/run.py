"""``python -m tests.fuzzing.run TARGET [libFuzzer's options]``: mutate inputs, led by what of our code they reach."""

from __future__ import annotations

import sys
from collections.abc import Callable

import atheris

OURS = ["services", "shared", "infra"]


def main() -> None:
    with atheris.instrument_imports(include=OURS, enable_loader_override=False):
        from tests.fuzzing.targets import TARGETS
    name, *options = sys.argv[1:]
    run: Callable[[bytes], object] = TARGETS[name].run
    atheris.Setup([name, *options], run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
