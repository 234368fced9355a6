"""What the commands say of their options, before anything is sent."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.cli.email_key import email_key
from infra.cli.main import app
from infra.operator_error import OperatorError


def refusal(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["import", *arguments, "--community", "acme"])
    assert result.exit_code == 1
    return " ".join(result.stderr.split())


def test_a_key_is_made_once_and_said_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    key = email_key(None, tmp_path, {})
    assert f"Made {tmp_path / 'email.key'}, under which" in capsys.readouterr().err
    assert email_key(None, tmp_path, {}) == email_key(tmp_path / "email.key", tmp_path, {}) == key
    assert capsys.readouterr().err == ""


def test_a_key_that_every_process_is_told_wins_over_the_one_in_data(tmp_path: Path) -> None:
    mine, told = tmp_path / "mine", tmp_path / "told"
    mine.write_text("m" * 40 + "\n")
    told.write_text("t" * 40 + "\n")
    environment = {"WARMLINE_EMAIL_KEY_FILE": str(told)}
    assert email_key(None, tmp_path, environment) == "t" * 40
    assert email_key(mine, tmp_path, environment) == "m" * 40
    assert not (tmp_path / "email.key").exists()
    with pytest.raises(OperatorError, match="WARMLINE_EMAIL_KEY has 5 characters"):
        email_key(None, tmp_path, {"WARMLINE_EMAIL_KEY": "short"})


def test_a_key_that_was_named_is_never_made(tmp_path: Path) -> None:
    missing = tmp_path / "list.key"
    with pytest.raises(OperatorError, match=re.escape(f"{missing} does not exist")):
        email_key(missing, tmp_path, {})
    assert list(tmp_path.iterdir()) == []


def test_a_key_that_can_be_guessed_is_refused(tmp_path: Path) -> None:
    (tmp_path / "email.key").write_text("secret\n")
    with pytest.raises(OperatorError, match="has 6 characters"):
        email_key(None, tmp_path, {})


def test_irc_asks_which_channels_are_wanted_and_takes_a_channel_for_one_file_only(tmp_path: Path) -> None:
    assert "give --public with those that everybody can join" in refusal("irc", str(tmp_path))
    assert "--channel is for a single log" in refusal("irc", str(tmp_path), "--public", "*", "--channel", "#help")


def test_irc_takes_a_channel_for_many_logs_from_whoever_says_that_none_is_a_private_talk(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "2026-11-20.txt").write_text("[08:15] <ada> Good morning\n")
    many = ("irc", str(tmp_path / "logs"), "--public", "*", "--channel", "#help", "--data", str(tmp_path))
    assert "add --no-private-talks" in refusal(*many)
    assert "No Warmline runs on" in refusal(*many, "--no-private-talks")
