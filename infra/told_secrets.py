"""The environment of a command, with the secrets that stand in files."""

from __future__ import annotations

from collections.abc import Mapping

from infra.operator_error import OperatorError
from shared.settings import SettingsError, with_secrets


def told_secrets(environ: Mapping[str, str]) -> Mapping[str, str]:
    """Return what `with_secrets` does; raises OperatorError for a file that cannot be read."""
    try:
        return with_secrets(environ)
    except SettingsError as error:
        raise OperatorError(str(error)) from error
