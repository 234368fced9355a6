"""How long to try: briefly in the suite, for SECONDS with ``make fuzz``."""

from __future__ import annotations

import os


def seconds(in_the_suite: int) -> int:
    """Return for how many seconds one target is tried."""
    return int(os.environ.get("FUZZ_SECONDS") or in_the_suite)
