from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from shared.settings import ServiceSettings, SettingsError

COMPLETE = {
    "WARMLINE_NATS_URL": "nats://user:secret@127.0.0.1:4222",
    "WARMLINE_POSTGRES_URL": "postgresql://user:secret@127.0.0.1/warmline",
    "WARMLINE_TOKEN": "secret",
    "WARMLINE_PARTITIONS": "4",
}


def test_what_is_not_set_has_a_default_or_none() -> None:
    settings = ServiceSettings.from_env(COMPLETE)
    assert (settings.partitions, settings.host, settings.ingest_port) == (4, "127.0.0.1", None)
    assert "secret" not in repr(settings)


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(SettingsError) as caught:
        ServiceSettings.from_env({"WARMLINE_PARTITIONS": "many", "WARMLINE_INGEST_PORT": "70000"})
    named = {line.split()[0] for line in str(caught.value).splitlines()}
    assert named == {*COMPLETE, "WARMLINE_INGEST_PORT"}


def test_a_key_under_which_addresses_could_be_guessed_is_refused() -> None:
    assert ServiceSettings.from_env(COMPLETE).email_key is None
    assert ServiceSettings.from_env({**COMPLETE, "WARMLINE_EMAIL_KEY": "k" * 32}).email_key == "k" * 32
    with pytest.raises(SettingsError, match="WARMLINE_EMAIL_KEY has 31 characters"):
        ServiceSettings.from_env({**COMPLETE, "WARMLINE_EMAIL_KEY": "k" * 31})


def test_a_port_that_is_needed_is_asked_for_by_its_variable() -> None:
    assert ServiceSettings.from_env({**COMPLETE, "WARMLINE_INGEST_PORT": "8081"}).required_port("ingest_port") == 8081
    with pytest.raises(SettingsError, match="WARMLINE_DESK_PORT"):
        ServiceSettings.from_env(COMPLETE).required_port("desk_port")


@pytest.mark.parametrize("service", ["ingest", "triage", "notifier", "projections"])
def test_a_service_that_lacks_settings_says_so_and_does_not_start(service: str) -> None:
    run = subprocess.run(
        [sys.executable, "-m", f"services.{service}.main"],
        cwd=Path(__file__).parents[2],
        env={},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert run.returncode == 1
    assert run.stderr.startswith(f"warmline {service} cannot start:\nWARMLINE_NATS_URL is not set")
    assert "Traceback" not in run.stderr
