"""What a service is told by its environment."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import quote

from shared.topology import StreamSettings, read_bytes

_PREFIX: Final = "WARMLINE_"
_QUOTA_RATE: Final = 20_000
"""About what one ingest stores: an import or a bridge stays far below, and a sender gone wild is slowed."""
_QUOTA_BURST: Final = 100_000
_QUOTA_SHARE: Final = 50
_SECRETS: Final = ("TOKEN", "NATS_PASSWORD", "POSTGRES_PASSWORD", "SMTP_URL", "EMAIL_KEY")
SHORTEST_EMAIL_KEY: Final = 32
"""Characters: under a shorter one, addresses could be found by guessing it."""
_USER_ALONE: Final = re.compile(r"(?:^|(?<=,))(\w+://[^:/?#@,]+)@")
_PLAIN: Final = re.compile(r"[A-Za-z0-9._~-]*")


class SettingsError(ValueError):
    """The environment lacks a variable or holds one that cannot be read; the text names each and the mend."""


def with_secrets(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return ``environ`` with the secrets that stand in files, and the servers' passwords in their addresses.

    Instead of a secret its variable with ``_FILE`` behind names a file that holds it, as Compose's and Kubernetes'
    secrets are. An address that names a user alone gets ``WARMLINE_NATS_PASSWORD`` or ``WARMLINE_POSTGRES_PASSWORD``.
    Raises SettingsError for a file that cannot be read, and for a password that NATS would take for another.
    """
    told = dict(environ)
    for name in _SECRETS:
        if path := environ.get(f"{_PREFIX}{name}_FILE"):
            try:
                told[f"{_PREFIX}{name}"] = Path(path).read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                why = error.strerror if isinstance(error, OSError) else "it is no text"
                raise SettingsError(
                    f"{_PREFIX}{name}_FILE names {path}, which cannot be read: {why}. "
                    "It must be there, and this process's account must be allowed to read it."
                ) from error
    for server in ("NATS", "POSTGRES"):
        address, password = f"{_PREFIX}{server}_URL", told.get(f"{_PREFIX}{server}_PASSWORD")
        if server == "NATS" and password and not _PLAIN.fullmatch(password):
            raise SettingsError(
                "The password of NATS holds characters that an address cannot carry to it: "
                "use letters, digits and . _ ~ - only, as `openssl rand -hex 24` makes them."
            )
        if password and address in told:
            told[address] = _USER_ALONE.sub(rf"\1:{quote(password, safe='')}@", told[address])
    return told


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceSettings:
    """The settings of every service; a port or address is None when the service has no part in it.

    ``partitions`` is fixed for the life of the data: it decides the subject of every member event. A socket is the file
    number of one that is inherited and listens already: several processes share it. The quotas are what
    one community may take: events a second in the long run and at once, and percent of the stream's bound. Polled
    sources that say nothing else are read every ``poll_seconds``, None for what fits each platform. Under ``email_key``
    addresses of members become what stands for their owners; None: profiles tell none.
    """

    nats_url: str = field(repr=False)
    postgres_url: str = field(repr=False)
    token: str = field(repr=False)
    partitions: int
    streams: StreamSettings = field(default_factory=StreamSettings)
    host: str = "127.0.0.1"
    ingest_port: int | None = None
    ingest_socket: int | None = None
    desk_port: int | None = None
    desk_socket: int | None = None
    ingest_url: str | None = None
    desk_url: str | None = None
    metrics_host: str = "127.0.0.1"
    metrics_port: int | None = None
    data: Path | None = None
    quota_rate: int = _QUOTA_RATE
    quota_burst: int = _QUOTA_BURST
    quota_share: int = _QUOTA_SHARE
    poll_seconds: int | None = None
    email_key: str | None = field(default=None, repr=False)
    instance: str

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> ServiceSettings:
        """Return the settings in ``environ`` (default: the process's); raises SettingsError with all that is wrong."""
        reader = _Reader(with_secrets(os.environ if environ is None else environ))
        data = reader.text("DATA")
        settings = cls(
            nats_url=reader.required("NATS_URL", "the address of the NATS server, such as nats://127.0.0.1:4222"),
            postgres_url=reader.required(
                "POSTGRES_URL", "the address of the database, such as postgresql://user:password@127.0.0.1/warmline"
            ),
            token=reader.required("TOKEN", "the administrator's token"),
            partitions=reader.number("PARTITIONS", 1, 1024, required=True) or 1,
            streams=reader.streams(),
            host=reader.text("HOST") or "127.0.0.1",
            ingest_port=reader.number("INGEST_PORT", 0, 65535),
            ingest_socket=reader.number("INGEST_SOCKET", 3, 1_000_000),
            desk_port=reader.number("DESK_PORT", 0, 65535),
            desk_socket=reader.number("DESK_SOCKET", 3, 1_000_000),
            ingest_url=reader.text("INGEST_URL"),
            desk_url=reader.text("DESK_URL"),
            metrics_host=reader.text("METRICS_HOST") or "127.0.0.1",
            metrics_port=reader.number("METRICS_PORT", 0, 65535),
            data=Path(data) if data else None,
            quota_rate=reader.number("QUOTA_RATE", 1, 10_000_000) or _QUOTA_RATE,
            quota_burst=reader.number("QUOTA_BURST", 1, 100_000_000) or _QUOTA_BURST,
            quota_share=reader.number("QUOTA_SHARE", 1, 100) or _QUOTA_SHARE,
            poll_seconds=reader.number("POLL_SECONDS", 1, 86_400),
            email_key=reader.email_key(),
            instance=reader.text("INSTANCE") or f"process-{os.getpid()}",
        )
        if reader.problems:
            raise SettingsError("\n".join(reader.problems))
        return settings

    @property
    def metrics_at(self) -> tuple[str, int] | None:
        """The address and port of the process's metrics; None where they are not told."""
        return None if self.metrics_port is None else (self.metrics_host, self.metrics_port)

    def required_port(self, name: str) -> int:
        """Return the port called ``name`` (``ingest_port``, ``desk_port``); raises SettingsError when it is not set."""
        port: int | None = getattr(self, name)
        if port is None:
            variable = f"{_PREFIX}{name.upper()}"
            raise SettingsError(f"{variable} is not set: give the TCP port to listen on, such as {variable}=8081")
        return port


class _Reader:
    """Reads variables and collects what is wrong with them."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ
        self.problems: list[str] = []

    def text(self, name: str) -> str | None:
        return self._environ.get(f"{_PREFIX}{name}") or None

    def required(self, name: str, meaning: str) -> str:
        value = self.text(name)
        if value is None:
            self.problems.append(f"{_PREFIX}{name} is not set: it holds {meaning}")
        return value or ""

    def email_key(self) -> str | None:
        key = self.text("EMAIL_KEY")
        if key is not None and len(key) < SHORTEST_EMAIL_KEY:
            self.problems.append(
                f"{_PREFIX}EMAIL_KEY has {len(key)} characters, so addresses could be found by guessing: "
                f"it must have at least {SHORTEST_EMAIL_KEY}, such as `openssl rand -base64 32` makes"
            )
        return key

    def streams(self) -> StreamSettings:
        settings = StreamSettings()
        size = self.text("STREAM_BYTES")
        max_bytes = settings.max_bytes
        if size is not None:
            try:
                max_bytes = read_bytes(size)
            except ValueError as error:
                self.problems.append(f"{_PREFIX}STREAM_BYTES is {size!r}: {error}")
        replicas = self.number("STREAM_REPLICAS", 1, 5) or settings.replicas
        return StreamSettings(max_bytes=max_bytes, replicas=replicas)

    def number(self, name: str, lowest: int, highest: int, *, required: bool = False) -> int | None:
        wanted = f"a whole number from {lowest} to {highest}"
        value = self.text(name)
        if value is None:
            if required:
                self.problems.append(f"{_PREFIX}{name} is not set: it holds {wanted}")
            return None
        if not (value.isascii() and value.isdigit() and lowest <= int(value) <= highest):
            self.problems.append(f"{_PREFIX}{name} is {value!r}: it must be {wanted}")
            return None
        return int(value)
