"""How e-mail leaves, from ``WARMLINE_SMTP_URL``."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final, Literal
from urllib.parse import parse_qs, unquote, urlsplit

from shared.settings import SettingsError, with_secrets

_TLS: Final[dict[str, Literal["starttls", "implicit", "none"]]] = {
    "smtp": "none",
    "smtp+starttls": "starttls",
    "smtps": "implicit",
}
_PORTS: Final = {"smtp": 25, "smtp+starttls": 587, "smtps": 465}
_FORM: Final = (
    "WARMLINE_SMTP_URL cannot be read: it has the form "
    "smtp+starttls://user:password@host:587?from=warmline@example.org (or smtps://, or smtp:// without TLS)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpSettings:
    """A mail server and the sender's address."""

    host: str
    port: int
    sender: str
    tls: Literal["starttls", "implicit", "none"]
    user: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> SmtpSettings | None:
        """Return the settings, None when no mail server is given; raises SettingsError when they cannot be read.

        The form is ``smtp+starttls://user:password@host:587?from=warmline@example.org``; ``smtps`` is TLS from the
        start, ``smtp`` none at all.
        """
        url = with_secrets(os.environ if environ is None else environ).get("WARMLINE_SMTP_URL")
        if not url:
            return None
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError as error:
            raise SettingsError(f"{_FORM}. What is wrong with it: {error}") from error
        sender = parse_qs(parts.query).get("from", [""])[0]
        address = parseaddr(sender)[1]
        if parts.scheme not in _TLS:
            raise SettingsError(f"{_FORM}. What is wrong with it: it does not begin with one of {', '.join(_TLS)}")
        if not parts.hostname:
            raise SettingsError(f"{_FORM}. What is wrong with it: it names no host")
        if "@" not in address or not sender.isprintable():
            raise SettingsError(f"{_FORM}. What is wrong with it: 'from' is not an e-mail address")
        return cls(
            host=parts.hostname,
            port=port or _PORTS[parts.scheme],
            sender=sender,
            tls=_TLS[parts.scheme],
            user=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password else None,
        )
