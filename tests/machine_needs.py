"""What some tests need of the machine beyond Python: those marked `ops`, which `make test` leaves to `make test-ops`.

Where what they need is missing, they fail. Whatever a run leaves out stands in one line at its end.
"""

from __future__ import annotations

import shutil
import subprocess
from collections import Counter
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

import pytest

from tests.chaos.network import why_no_cable
from tests.chaos.power import why_no_power_cut

CHROMIUM = Path("/usr/bin/chromium")
NODE_MODULES = Path(__file__).parents[1] / ".tools/node/node_modules"
NODE_PACKAGES = ("@nats-io/transport-node", "@nats-io/jetstream")
INSTALL: Final = "make test-ops installs it"


@cache
def why_no_chromium() -> str | None:
    return None if CHROMIUM.exists() else f"there is no {CHROMIUM}: {INSTALL}"


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


@cache
def why_no_node() -> str | None:
    if shutil.which("node") is None:
        return f"there is no node: {INSTALL}"
    missing = [name for name in NODE_PACKAGES if not (NODE_MODULES / name).is_dir()]
    return f"{NODE_MODULES} lacks {', '.join(missing)}: {INSTALL}" if missing else None


@cache
def why_no_prometheus() -> str | None:
    missing = [name for name in ("prometheus", "promtool", "amtool") if shutil.which(name) is None]
    return f"there is no {' and no '.join(missing)}: {INSTALL}" if missing else None


@cache
def why_no_root() -> str | None:
    return why_no_cable() or why_no_power_cut()


GROUPS: Mapping[str, Callable[[], str | None]] = {
    "browser": why_no_chromium,
    "docker": why_no_docker,
    "node": why_no_node,
    "prometheus": why_no_prometheus,
    "root": why_no_root,
}
"""Each group of the `ops` tests, and what is missing for it here."""

_left_out = pytest.StashKey[Counter[str]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--ops", default="", metavar="GROUPS", help=f"run the `ops` tests of these groups: {' '.join(GROUPS)}"
    )


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_left_out] = Counter()
    if unknown := set(config.getoption("ops").split()) - GROUPS.keys():
        raise pytest.UsageError(f"--ops: there is no group {' '.join(sorted(unknown))}; there are {' '.join(GROUPS)}")


def group_of(item: pytest.Item) -> str | None:
    marker = item.get_closest_marker("ops")
    if marker is None:
        return None
    (group,) = marker.args
    if group not in GROUPS:
        raise pytest.UsageError(f"{item.nodeid}: there is no group {group}; there are {' '.join(GROUPS)}")
    return str(group)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    chosen = config.getoption("ops").split() or [None]
    left_out = [item for item in items if group_of(item) not in chosen]
    items[:] = [item for item in items if group_of(item) in chosen]
    config.hook.pytest_deselected(items=left_out)
    config.stash[_left_out].update(group for item in left_out if (group := group_of(item)))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    group = group_of(item)
    if group and (why := GROUPS[group]()):
        pytest.fail(why, pytrace=False)


def pytest_sessionfinish(session: pytest.Session) -> None:
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["left_out"] = dict(session.config.stash[_left_out])


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker of xdist left out: each of them collects everything."""
    node.config.stash[_left_out] |= Counter(getattr(node, "workeroutput", {}).get("left_out", {}))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if left_out := config.stash[_left_out]:
        groups = ", ".join(f"{group} {number}" for group, number in sorted(left_out.items()))
        terminalreporter.write_line(f"Left to make test-ops: {left_out.total()} tests ({groups})")
