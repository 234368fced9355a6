"""How much and from where to try: in the suite little and each time the same, with ``make fuzz`` for SECONDS and anew.

What changes from run to run belongs to ``make fuzz``: there a find is looked at, here it would stop another's work.
"""

from __future__ import annotations

import os
import secrets


def enough(inputs: int) -> str:
    """Return libFuzzer's option that ends one target: in the suite a number, for a time is less on a busy machine."""
    given = os.environ.get("FUZZ_SECONDS")
    return f"-max_total_time={given}" if given else f"-runs={inputs}"


def seconds(in_the_suite: int) -> int:
    """Return for how many seconds one target is tried."""
    return int(os.environ.get("FUZZ_SECONDS") or in_the_suite)


def seed() -> int:
    """Return what the choice of inputs begins with."""
    return secrets.randbelow(2**31) + 1 if os.environ.get("FUZZ_SECONDS") else 1
