from __future__ import annotations

from pathlib import Path

from typer.testing import CliRunner

from infra.cli.main import app
from shared.policy.load import default_policy_text, load_policy


def test_the_default_is_printed_with_its_remarks_and_is_sound(tmp_path: Path) -> None:
    printed = CliRunner().invoke(app, ["policy", "default"])
    assert printed.exit_code == 0
    assert printed.stdout == default_policy_text()
    file = tmp_path / "policy.yaml"
    file.write_text(printed.stdout)
    checked = CliRunner().invoke(app, ["policy", "check", str(file)])
    assert checked.exit_code == 0
    assert f"{file}: my-community cares for my-community; others are accepted; responders: anna, ben;" in checked.stdout


def test_what_it_looks_for_is_every_rule_that_looks_at_anybody(tmp_path: Path) -> None:
    file, text = tmp_path / "policy.yaml", default_policy_text().split("\nrules:")[0]
    rules = (
        "rules:",
        "  fading: {enabled: false}",
        "  check_in: {by_segment: [{segment: newcomers, enabled: true}]}",
        "  thanks: {enabled: false}",
    )
    untouched = "welcome, unanswered, returning, milestone, low_survey, moderated, farewell, check_in, follow_up"
    for tone, read in (("false", ""), ("true", ", distress, heated, frustration")):
        file.write_text("\n".join([text, *rules, f"tone: {{enabled: {tone}}}", ""]))
        checked = CliRunner().invoke(app, ["policy", "check", str(file)])
        assert f"; looks for: {untouched}{read}; hours: " in checked.stdout, checked.output


def test_errors_name_file_line_field_and_fix(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(default_policy_text().replace("segments: [newcomers]", "segments: [newcommers]"))
    line = file.read_text().split("\n").index("    segments: [newcommers]") + 1
    result = CliRunner().invoke(app, ["policy", "check", str(file)])
    assert result.exit_code == 1
    problem = "responders[1].segments[1]: the policy has no segment 'newcommers'. Fix: Did you mean 'newcomers'?"
    assert f"{file}:{line} {problem}" in result.stderr
    assert f"{file} cannot be adopted: 1 error." in result.stderr


def test_warnings_alone_stop_nothing(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(default_policy_text().replace("    # email: anna@", "    email: anna@"))
    result = CliRunner().invoke(app, ["policy", "check", str(file)])
    assert result.exit_code == 0
    assert "responders[1].email: warning: no mail is sent" in result.stderr


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"organisation: \xe4")
    for name, why in (("missing.yaml", "cannot be read"), ("latin.yaml", "is no UTF-8 text")):
        result = CliRunner().invoke(app, ["policy", "check", str(tmp_path / name)])
        assert result.exit_code == 1
        assert f"{tmp_path / name} {why}" in result.stderr


def test_adopting_needs_a_running_system(tmp_path: Path) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(default_policy_text())
    env = {"WARMLINE_INGEST_URL": "", "WARMLINE_TOKEN": ""}
    result = CliRunner().invoke(app, ["policy", "adopt", str(file), "--data", str(tmp_path / "data")], env=env)
    assert result.exit_code == 1
    assert "Start it with: warmline up" in result.stderr
    assert load_policy(file.read_text()).errors == ()
