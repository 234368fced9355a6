"""What the command says about itself, to somebody who asks or errs."""

from __future__ import annotations

import inspect
import subprocess
import sys
from typing import cast

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from infra.cli.commands import COMMANDS, CommandsOnDemand
from infra.cli.main import app

_GROUP = cast("CommandsOnDemand", get_command(app))
_RUNNER = CliRunner(env={"COLUMNS": "1000", "TERMINAL_WIDTH": "1000"})


@pytest.mark.parametrize("name", COMMANDS)
def test_help_breaks_lines_where_the_terminal_ends_and_nowhere_else(name: str) -> None:
    told = [line.strip() for line in _RUNNER.invoke(app, [name, "--help"]).stdout.replace("`", "").splitlines()]
    for paragraph in inspect.cleandoc(_GROUP.get_command(None, name).help or "").replace("`", "").split("\n\n"):
        assert " ".join(paragraph.split()) in told


def test_a_direction_that_there_is_not_is_told_in_words() -> None:
    result = _RUNNER.invoke(app, ["migrate-data", "nowhere"])
    assert result.exit_code == 1
    assert result.stderr == "Error: Say where everything is to go: to-servers or to-data, not nowhere.\n"


def test_a_name_that_there_is_not_is_told_with_the_nearest() -> None:
    result = _RUNNER.invoke(app, ["statu"])
    assert result.exit_code == 2
    assert "Did you mean 'status'?" in result.stderr


def test_a_command_imports_itself_and_none_of_the_others() -> None:
    look = (
        "import sys; from infra.cli.main import app; app(['nats-url', '--help'], standalone_mode=False); "
        "print(*sys.modules, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    others = {place.partition(":")[0] for name, place in COMMANDS.items() if name != "nats-url"}
    assert "infra.cli.nats_url" in done.stderr.split()
    assert not others & set(done.stderr.split())
