"""Where the running Warmline is, and the token to speak to it with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from infra.operator_error import OperatorError
from infra.run_file import running
from infra.token import administrator_token
from infra.told_secrets import told_secrets

INGEST_URL: Final = "WARMLINE_INGEST_URL"
TOKEN: Final = "WARMLINE_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningSystem:
    """The address of its ingest and the administrator's token."""

    ingest_url: str
    token: str = field(repr=False)


def running_system(data: Path, environ: Mapping[str, str]) -> RunningSystem:
    """Return the system that the environment names, else the one that runs on ``data``.

    Raises OperatorError when there is none.
    """
    if url := environ.get(INGEST_URL):
        if not url.startswith(("http://", "https://")):
            raise OperatorError(f"{INGEST_URL} is {url!r}: give an address such as http://127.0.0.1:8081")
        told = told_secrets(environ)
        if not told.get(TOKEN):
            raise OperatorError(f"{INGEST_URL} is set but {TOKEN} is not: it holds the administrator's token.")
        return RunningSystem(ingest_url=url.rstrip("/"), token=administrator_token(data, told))
    run = running(data)
    if run is None:
        raise OperatorError(
            f"No Warmline runs on {data.resolve()}. Start it with: warmline up. If it runs elsewhere, name its folder "
            f"with --data, or set {INGEST_URL} and {TOKEN}."
        )
    return RunningSystem(ingest_url=run.ingest_url, token=administrator_token(data, environ))
