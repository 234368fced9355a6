"""A test that needs more of the machine than Python is left out and counted, or fails; it is never passed over."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def test_what_is_not_asked_for_is_counted_at_the_end_and_what_is_fails_where_its_need_is_missing() -> None:
    tests = ("tests/ops/test_container_servers.py", "tests/failures/test_07_network_blackhole.py")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "1", "-p", "no:cacheprovider", "--ops", "docker", *tests],
        cwd=Path(__file__).parents[2],
        env={**os.environ, "DOCKER_HOST": "unix:///nowhere"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 1
    assert "`docker version`" in done.stdout
    assert "Left to make test-ops: 1 tests (root 1)" in done.stdout
    assert "skipped" not in done.stdout
