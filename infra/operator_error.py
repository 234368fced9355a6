"""The one error that commands show to the person at the terminal."""

from __future__ import annotations

from pathlib import Path


class OperatorError(Exception):
    """Something an operator can mend; the message says what is wrong, where, and how to mend it.

    `log` is the file whose last lines explain it, where there is one.
    """

    def __init__(self, message: str, *, log: Path | None = None) -> None:
        super().__init__(message)
        self.log = log
