from __future__ import annotations

import socket
from pathlib import Path

from typer.testing import CliRunner

from infra.cli.main import app
from infra.run_file import sole_use


def test_up_without_a_free_port_says_so_and_exits_1(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(app, ["up"], env={"DATA": str(data), "PORT": str(port)})
    assert result.exit_code == 1
    assert f"Error: Port {port} for the desk is taken" in result.stderr


def test_a_second_up_on_the_same_data_is_refused(data: Path) -> None:
    with sole_use(data):
        result = CliRunner().invoke(app, ["up", "--data", str(data)])
    assert result.exit_code == 1
    assert f"Error: Warmline already runs on {data}" in result.stderr


def test_data_that_cannot_be_made_is_named(data: Path) -> None:
    (data / "file").write_text("")
    result = CliRunner().invoke(app, ["up", "--data", str(data / "file" / "below")])
    assert result.exit_code == 1
    assert "cannot be used: Not a directory" in result.stderr
