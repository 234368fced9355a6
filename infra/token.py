"""The administrator's token."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from infra.operator_error import OperatorError
from infra.private_file import kept_secret
from infra.told_secrets import told_secrets


def administrator_token(data: Path, environment: Mapping[str, str]) -> str:
    """WARMLINE_TOKEN if set, itself or by its file, else the one in DATA/token, generated at the first call.

    Raises OperatorError if WARMLINE_TOKEN could not travel in an Authorization header, or its file cannot be read.
    """
    given = told_secrets(environment).get("WARMLINE_TOKEN", "")
    if not given:
        return kept_secret(data / "token")
    if not given.isascii() or not given.isprintable() or " " in given:
        raise OperatorError(
            "WARMLINE_TOKEN holds a space or a character outside printable ASCII, which HTTP cannot carry. "
            "Use letters and digits, for example from: openssl rand -hex 24"
        )
    return given
