"""What the auditor is told by its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from infra.embedded.postgres_place import postgres_place
from infra.looking.faces import Faces
from infra.ports import AUDITOR_PORT
from shared.settings import ServiceSettings, SettingsError

DESK: Final = "WARMLINE_WATCH_DESK"
INGEST: Final = "WARMLINE_WATCH_INGEST"
FOLDERS: Final = "WARMLINE_WATCH_FOLDERS"
DEADMAN_URL: Final = "WARMLINE_DEADMAN_URL"
DEADMAN_SECONDS: Final = "WARMLINE_DEADMAN_SECONDS"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditorSettings:
    """The auditor's own settings beside those of every service; port 0 is any free one."""

    service: ServiceSettings
    port: int = 0
    faces: Faces
    folders: tuple[Path, ...] = ()
    deadman_url: str | None = field(default=None, repr=False)
    deadman_seconds: int = 60

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> AuditorSettings:
        """Return the settings in ``environ`` (default: the process's); raises SettingsError with all that is wrong."""
        environ = os.environ if environ is None else environ
        problems: list[str] = []
        service: ServiceSettings | None = None
        try:
            service = ServiceSettings.from_env(environ)
        except SettingsError as error:
            problems.append(str(error))
        port = _number(environ, AUDITOR_PORT, range(65_536), problems)
        seconds = _number(environ, DEADMAN_SECONDS, range(1, 86_401), problems)
        desk, ingest, deadman = (_url(environ, name, problems) for name in (DESK, INGEST, DEADMAN_URL))
        if service is None or problems:
            raise SettingsError("\n".join(problems))
        return cls(
            service=service,
            port=port if port is not None else 0,
            faces=Faces(desk_url=desk, ingest_url=ingest),
            folders=_folders(environ, service.data),
            deadman_url=deadman,
            deadman_seconds=seconds if seconds is not None else 60,
        )


def _number(environ: Mapping[str, str], name: str, allowed: range, problems: list[str]) -> int | None:
    value = environ.get(name)
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and int(value) in allowed):
        problems.append(f"{name} is {value!r}: it must be a whole number from {allowed[0]} to {allowed[-1]}")
        return None
    return int(value)


def _url(environ: Mapping[str, str], name: str, problems: list[str]) -> str | None:
    value = (environ.get(name) or "").rstrip("/")
    if not value:
        return None
    try:
        parts = urlsplit(value)
        well = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        well = False
    if not well:  # the address may hold a secret: it is not repeated
        problems.append(f"{name} is no address that can be asked: give one such as https://example.org/ping")
    return value


def _folders(environ: Mapping[str, str], data: Path | None) -> tuple[Path, ...]:
    named = environ.get(FOLDERS)
    if named:
        return tuple(Path(one) for one in named.split(os.pathsep) if one)
    return (data / "nats", postgres_place(data).directory) if data is not None else ()
