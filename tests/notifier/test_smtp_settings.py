"""WARMLINE_SMTP_URL."""

from __future__ import annotations

import pytest

from services.notifier.smtp_settings import SmtpSettings
from shared.settings import SettingsError


def read(url: str | None) -> SmtpSettings | None:
    return SmtpSettings.from_env({} if url is None else {"WARMLINE_SMTP_URL": url})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (
            "smtp+starttls://u%40x:p%2Fw@mail.example.org:2525?from=w@example.org",
            SmtpSettings(
                host="mail.example.org", port=2525, sender="w@example.org", tls="starttls", user="u@x", password="p/w"
            ),
        ),
        (
            "smtp://127.0.0.1?from=Warmline%20%3Cw@example.org%3E",
            SmtpSettings(host="127.0.0.1", port=25, sender="Warmline <w@example.org>", tls="none"),
        ),
        (
            "smtps://[::1]?from=w@example.org",
            SmtpSettings(host="::1", port=465, sender="w@example.org", tls="implicit"),
        ),
        (None, None),
        ("", None),
    ],
)
def test_it_is_read(url: str | None, expected: SmtpSettings | None) -> None:
    assert read(url) == expected


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("mail.example.org", "does not begin with"),
        ("http://mail.example.org?from=w@example.org", "does not begin with"),
        ("smtp://?from=w@example.org", "names no host"),
        ("smtp://mail.example.org:port?from=w@example.org", "Port could not be cast"),
        ("smtp://[::1?from=w@example.org", "Invalid IPv6"),
        ("smtp://u:secret@mail.example.org", "'from' is not an e-mail address"),
        ("smtp://u:secret@mail.example.org?from=nobody", "'from' is not an e-mail address"),
        ("smtp://u:secret@mail.example.org?from=a@b.org%0aBcc:c@d.org", "'from' is not an e-mail address"),
    ],
)
def test_what_is_wrong_is_told_without_the_password(url: str, word: str) -> None:
    with pytest.raises(SettingsError, match="WARMLINE_SMTP_URL cannot be read") as told:
        read(url)
    assert word in str(told.value)
    assert "secret" not in str(told.value)


def test_the_password_is_not_shown() -> None:
    assert "p/w" not in repr(read("smtp://u:p%2Fw@mail.example.org?from=w@example.org"))
