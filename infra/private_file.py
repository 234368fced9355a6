"""Files that only their owner may read: secrets, credentials, the run file."""

from __future__ import annotations

import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Write `text` to `path` with mode 0600, whole or not at all; missing folders are made with mode 0700."""
    _draft(path, text).replace(path)


def kept_secret(path: Path) -> str:
    """Return the secret in `path`, made at the first call: 43 characters that need no quoting in a URL or a file.

    Of several processes that make it at once, one does, and all return the same.
    """
    if not path.exists():
        draft = _draft(path, secrets.token_urlsafe(32) + "\n")
        with suppress(FileExistsError):
            path.hardlink_to(draft)
        draft.unlink()
    return path.read_text(encoding="utf-8").strip()


def _draft(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    return draft
