"""Tests of the kernel pass on the servers of docker-compose.yml, too."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.containers import TOP

pytestmark = [pytest.mark.ops("docker"), pytest.mark.timeout(300)]


def test_the_relay_is_the_same_on_containers() -> None:
    chosen = ["tests/kernel/test_relay.py", "-k", "not kill"]
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--servers", "containers", *chosen]
    done = subprocess.run(command, cwd=TOP, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert " passed" in done.stdout
