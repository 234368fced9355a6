"""Where the running Warmline is, and the token to speak to it with."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.operator_error import OperatorError
from infra.run_file import RunFile, running
from infra.token import administrator_token
from infra.told_secrets import told_secrets
from shared.safe_url import is_encrypted_or_local

INGEST_URL: Final = "WARMLINE_INGEST_URL"
API_URL: Final = "WARMLINE_API_URL"
TOKEN: Final = "WARMLINE_TOKEN"  # noqa: S105 - the variable's name
# A name without a dot is one that containers have in a network of their own.
_BETWEEN_CONTAINERS: Final = re.compile(r"http://[A-Za-z][A-Za-z0-9_-]*(:[0-9]+)?/?")


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSystem:
    """The address of its ingest and the administrator's token."""

    ingest_url: str
    token: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningDesk:
    """The address of the desk and the administrator's token."""

    url: str
    token: str = field(repr=False)


def running_system(data: Path, environ: Mapping[str, str]) -> RunningSystem:
    """Return the system that the environment names, else the one that runs on ``data``.

    Raises OperatorError when there is none.
    """
    url, token = _found(data, environ, INGEST_URL, lambda run: run.ingest_url)
    return RunningSystem(ingest_url=url, token=token)


def running_desk(data: Path, environ: Mapping[str, str]) -> RunningDesk:
    """Return the desk that the environment names, else that of the system that runs on ``data``.

    Raises OperatorError when there is none.
    """
    url, token = _found(data, environ, API_URL, lambda run: run.desk_url)
    return RunningDesk(url=url, token=token)


def _found(data: Path, environ: Mapping[str, str], variable: str, address: Callable[[RunFile], str]) -> tuple[str, str]:
    if url := environ.get(variable):
        if not url.startswith(("http://", "https://")):
            raise OperatorError(f"{variable} is {url!r}: give an address such as http://127.0.0.1:8081")
        if not (is_encrypted_or_local(url) or _BETWEEN_CONTAINERS.fullmatch(url)):
            raise OperatorError(
                f"{variable} is {url!r}: the administrator's token would go there unencrypted. Give an https:// "
                "address, or one on this machine, such as the end of a tunnel."
            )
        told = told_secrets(environ)
        if not told.get(TOKEN):
            raise OperatorError(f"{variable} is set but {TOKEN} is not: it holds the administrator's token.")
        return url.rstrip("/"), administrator_token(data, told)
    run = running(data)
    if run is None:
        raise OperatorError(
            f"No Warmline runs on {data.resolve()}. Start it with: warmline up. If it runs elsewhere, name its folder "
            f"with --data, or set {variable} and {TOKEN}."
        )
    return address(run), administrator_token(data, environ)
