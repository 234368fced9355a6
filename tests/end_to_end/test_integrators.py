"""What docs/integrators.md tells an integrator to do works."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

from tests.end_to_end.harbour import post
from tests.end_to_end.running_system import RunningSystem, until

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_shows_the_example_that_is_run() -> None:
    page = (DOCS / "integrators.md").read_text(encoding="utf-8")
    example = (DOCS / "examples" / "subscriber.py").read_text(encoding="utf-8")
    assert f"```python\n{example}```" in page


def test_the_python_subscriber_is_told_who_needs_a_human(system: RunningSystem, tmp_path: Path) -> None:
    said = tmp_path / "said"
    address = system.command("nats-url")
    assert address.stdout.startswith("nats://integrator:"), address.stderr
    with said.open("w") as output:
        subscriber = subprocess.Popen(
            [sys.executable, DOCS / "examples" / "subscriber.py"],
            env={**os.environ, "NATS_URL": address.stdout.strip(), "COMMUNITY": "acme"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        system.post([post("q-integrator", "fay", timedelta(hours=2), "Is there a quiet room?")])
        until(lambda: "soon unanswered t-" in said.read_text(), seconds=30, what="the subscriber's line")
    finally:
        subscriber.terminate()
        subscriber.wait(timeout=10)
    assert "Traceback" not in said.read_text()
    assert "quiet room" not in said.read_text()
