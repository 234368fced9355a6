"""What some tests need of the machine: where it is missing they are skipped with the reason, or fail if told so."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from tests.chaos.network import why_no_cable
from tests.chaos.power import why_no_power_cut

CHROMIUM = Path("/usr/bin/chromium")
NODE_PACKAGES = ("@nats-io/transport-node", "@nats-io/jetstream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """`marker` is on the tests that need it; `variable` set to 1 makes its absence a failure."""

    marker: str
    variable: str
    why_missing: Callable[[], str | None]


@cache
def why_no_chromium() -> str | None:
    return None if CHROMIUM.exists() else "there is no chromium (on Debian: apt install chromium)"


@cache
def why_no_docker() -> str | None:
    for command in (["docker", "version"], ["docker", "compose", "version"]):
        try:
            answer = subprocess.run(command, capture_output=True, text=True, timeout=20, check=False)
        except (OSError, subprocess.TimeoutExpired) as error:
            return f"`{' '.join(command)}` does not run ({type(error).__name__})"
        if answer.returncode:
            last = answer.stderr.strip().splitlines()[-1:] or [f"exit code {answer.returncode}"]
            return f"`{' '.join(command)}` says: {last[0]}"
    return None


def node_modules() -> Path:
    """Return the folder of the packages that the JavaScript example names; the variable says where they are."""
    return Path(os.environ.get("WARMLINE_NODE_MODULES", "node_modules")).absolute()


@cache
def why_no_node() -> str | None:
    if shutil.which("node") is None:
        return "there is no node"
    missing = [name for name in NODE_PACKAGES if not (node_modules() / name).is_dir()]
    if missing:
        return f"{node_modules()} lacks {', '.join(missing)} (npm install them, or say where: WARMLINE_NODE_MODULES)"
    return None


@cache
def why_no_root() -> str | None:
    return why_no_cable() or why_no_power_cut()


NEEDS = (
    Need(marker="browser", variable="WARMLINE_REQUIRE_BROWSER", why_missing=why_no_chromium),
    Need(marker="docker", variable="WARMLINE_REQUIRE_DOCKER", why_missing=why_no_docker),
    Need(marker="node", variable="WARMLINE_REQUIRE_NODE", why_missing=why_no_node),
    Need(marker="root", variable="WARMLINE_REQUIRE_ROOT", why_missing=why_no_root),
)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    for need in NEEDS:
        if item.get_closest_marker(need.marker) is None or (why := need.why_missing()) is None:
            continue
        if os.environ.get(need.variable) == "1":
            pytest.fail(f"{why}, and {need.variable}=1 requires it", pytrace=False)
        pytest.skip(why)
