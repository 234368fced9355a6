"""The key by which e-mail addresses become what stands for their owners: whoever loses it meets strangers."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import typer

from infra.operator_error import OperatorError
from infra.private_file import kept_secret
from infra.told_secrets import told_secrets
from shared.settings import SHORTEST_EMAIL_KEY


def email_key(given: Path | None, data: Path, environment: Mapping[str, str]) -> str:
    """Return the key in ``given``, else WARMLINE_EMAIL_KEY, itself or by its file, else the one in DATA/email.key.

    The last is made at the first call, and said so. Raises OperatorError if a file that was named cannot be read or a
    key can be guessed.
    """
    told = "" if given else told_secrets(environment).get("WARMLINE_EMAIL_KEY", "")
    path = given or data / "email.key"
    key = told or _kept(path, made=given is None)
    if len(key) < SHORTEST_EMAIL_KEY:
        raise OperatorError(
            f"The key in {'WARMLINE_EMAIL_KEY' if told else path} has {len(key)} characters, so addresses could be "
            f"found by guessing: give one of at least {SHORTEST_EMAIL_KEY}, such as openssl rand -base64 32 makes."
        )
    return key


def _kept(path: Path, *, made: bool) -> str:
    if not path.exists():
        if not made:
            raise OperatorError(
                f"{path} does not exist. Give the file that the first import made or used; to begin with a key of "
                f"your own, make it: openssl rand -base64 32 > {path}"
            )
        kept_secret(path)
        typer.echo(
            f"Made {path.resolve()}, under which e-mail addresses are kept as hashes: keep it, or people who are known "
            "by theirs are strangers.",
            err=True,
        )
    try:
        return path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise OperatorError(f"{path} cannot be read: {error}.") from error
