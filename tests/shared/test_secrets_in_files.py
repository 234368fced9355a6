"""Secrets are told by files, as Compose and Kubernetes hand them over, and by nothing that `docker inspect` shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.operator_error import OperatorError
from infra.running_servers import named_servers
from services.notifier.smtp_settings import SmtpSettings
from shared.nats_address import NatsAddress
from shared.settings import ServiceSettings, SettingsError


def told(folder: Path, **secrets: str) -> dict[str, str]:
    """Return an environment whose secrets stand in files of ``folder``."""
    for name, secret in secrets.items():
        (folder / name).write_text(secret + "\n")
    return {
        "WARMLINE_NATS_URL": "nats://ingest@one:4222,two:4222",
        "WARMLINE_POSTGRES_URL": "postgresql://warmline@postgres:5432/warmline",
        "WARMLINE_PARTITIONS": "4",
        **{f"WARMLINE_{name.upper()}_FILE": str(folder / name) for name in secrets},
    }


def test_the_token_and_the_servers_passwords_are_read(tmp_path: Path) -> None:
    environ = told(tmp_path, token="t0ken", nats_password="n4ts", postgres_password="p@ss/word")
    settings = ServiceSettings.from_env(environ)
    assert settings.token == "t0ken"
    assert NatsAddress.of(settings.nats_url).servers == ["nats://ingest:n4ts@one:4222", "nats://ingest:n4ts@two:4222"]
    assert settings.postgres_url == "postgresql://warmline:p%40ss%2Fword@postgres:5432/warmline"
    named = named_servers(environ)
    assert named is not None
    assert (named.nats_url, named.postgres_url) == (settings.nats_url, settings.postgres_url)


def test_an_address_with_a_password_or_without_a_user_keeps_what_it_says(tmp_path: Path) -> None:
    environ = told(tmp_path, token="t0ken", nats_password="n4ts", postgres_password="p")
    environ |= {"WARMLINE_NATS_URL": "nats://127.0.0.1:4222", "WARMLINE_POSTGRES_URL": "postgresql://a:b@c/d"}
    settings = ServiceSettings.from_env(environ)
    assert (settings.nats_url, settings.postgres_url) == ("nats://127.0.0.1:4222", "postgresql://a:b@c/d")


def test_whole_addresses_each_get_the_password_of_their_user(tmp_path: Path) -> None:
    environ = told(tmp_path, token="t0ken", nats_password="n4ts")
    environ["WARMLINE_NATS_URL"] = "nats://ingest@one:4222,nats://ingest@two:4222"
    servers = NatsAddress.of(ServiceSettings.from_env(environ).nats_url).servers
    assert servers == ["nats://ingest:n4ts@one:4222", "nats://ingest:n4ts@two:4222"]


def test_a_password_that_nats_would_take_for_another_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="password of NATS holds characters"):
        ServiceSettings.from_env(told(tmp_path, token="t0ken", nats_password="Ab/c+d="))


def test_an_empty_file_of_the_mail_server_is_none(tmp_path: Path) -> None:
    assert SmtpSettings.from_env(told(tmp_path, smtp_url="")) is None
    smtp = SmtpSettings.from_env(told(tmp_path, smtp_url="smtps://me:secret@mail.example.org?from=a@example.org"))
    assert smtp is not None
    assert smtp.password == "secret"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    environ = told(tmp_path, token="t0ken") | {"WARMLINE_NATS_PASSWORD_FILE": str(tmp_path / "away")}
    with pytest.raises(SettingsError, match=r"WARMLINE_NATS_PASSWORD_FILE names .*away, which cannot be read"):
        ServiceSettings.from_env(environ)
    with pytest.raises(OperatorError, match="WARMLINE_NATS_PASSWORD_FILE"):
        named_servers(environ)
