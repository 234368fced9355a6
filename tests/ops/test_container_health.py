"""The health check of a container is a program of its own, started every few seconds in each of them."""

from __future__ import annotations

import subprocess
import sys

HEAVY = ("click", "httpx", "msgspec", "nats", "rich", "structlog", "typer")


def test_the_health_check_loads_nothing_that_it_can_do_without():
    probe = f"import sys, infra.container_health; print([name for name in {HEAVY!r} if name in sys.modules])"
    found = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, timeout=60, check=True)
    assert found.stdout.strip() == "[]"
