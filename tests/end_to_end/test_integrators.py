"""What docs/integrators.md tells an integrator to do works."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from tests.end_to_end.harbour import post
from tests.end_to_end.running_system import RunningSystem
from tests.machine_needs import NODE_MODULES
from tests.waiting import until

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize(("language", "name"), [("python", "subscriber.py"), ("js", "subscriber.mjs")])
def test_the_page_shows_the_example_that_is_run(language: str, name: str) -> None:
    page = (DOCS / "integrators.md").read_text(encoding="utf-8")
    example = (DOCS / "examples" / name).read_text(encoding="utf-8")
    assert f"```{language}\n{example}```" in page


def test_the_python_subscriber_is_told_who_needs_a_human(system: RunningSystem, tmp_path: Path) -> None:
    told(system, [sys.executable, str(DOCS / "examples" / "subscriber.py")], tmp_path, "python")


@pytest.mark.ops("node")
def test_the_javascript_subscriber_is_told_who_needs_a_human(system: RunningSystem, tmp_path: Path) -> None:
    example = shutil.copy(DOCS / "examples" / "subscriber.mjs", tmp_path)
    (tmp_path / "node_modules").symlink_to(NODE_MODULES)
    told(system, ["node", example], tmp_path, "javascript")


def told(system: RunningSystem, subscriber: list[str], folder: Path, member: str) -> None:
    """Run the subscriber; it says who needs a human, and nothing of what they wrote."""
    said = folder / "said"
    address = system.command("nats-url")
    assert address.stdout.startswith("nats://integrator:"), address.stderr
    with said.open("w") as output:
        process = subprocess.Popen(
            subscriber,
            env={**os.environ, "NATS_URL": address.stdout.strip(), "COMMUNITY": "acme"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        system.post([post(f"q-{member}", member, timedelta(hours=2), "Is there a quiet room?")])
        until(lambda: "soon unanswered t-" in said.read_text(), seconds=60, what="the subscriber's line")
    finally:
        process.terminate()
        process.wait(timeout=10)
    assert "Error" not in said.read_text()
    assert "Traceback" not in said.read_text()
    assert "quiet room" not in said.read_text()
