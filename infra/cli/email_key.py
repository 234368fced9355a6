"""The key by which e-mail addresses become what stands for their owners: whoever loses it meets strangers."""

from __future__ import annotations

from pathlib import Path

import typer

from infra.operator_error import OperatorError
from infra.private_file import kept_secret

_SHORTEST = 32


def email_key(given: Path | None, data: Path) -> str:
    """Return the key in ``given``; without it that in ``data``, which is made at the first call, and said so.

    Raises OperatorError if ``given`` does not exist or a key can be guessed.
    """
    path = given or data / "email.key"
    if not path.exists():
        if given is not None:
            raise OperatorError(
                f"{given} does not exist. Give the file that the first import made or used; to begin with a key of "
                f"your own, make it: openssl rand -base64 32 > {given}"
            )
        kept_secret(path)
        typer.echo(f"Made {path.resolve()}: keep it, with it members of lists are known again.", err=True)
    try:
        key = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} cannot be read: {error}.") from error
    if len(key) < _SHORTEST:
        raise OperatorError(
            f"The key in {path} has {len(key)} characters, so addresses could be found by guessing: give one of at "
            f"least {_SHORTEST}, such as openssl rand -base64 32 makes."
        )
    return key
