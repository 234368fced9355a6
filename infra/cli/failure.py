"""How a command ends when something is wrong: in words, with an exit code."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import typer
from rich.console import Console
from rich.text import Text

from infra.cli.plain_text import plain
from infra.log_file import last_lines
from infra.operator_error import OperatorError


@contextmanager
def failures_in_words(*, exit_code: int = 1) -> Iterator[None]:
    """Turn an OperatorError into its message and the last lines of its log on stderr, and ``exit_code``."""
    try:
        yield
    except OperatorError as error:
        console = Console(stderr=True, soft_wrap=True, highlight=False)
        if error.log is not None and (lines := last_lines(error.log)):
            console.print(f"The last lines of {error.log}:", style="dim", markup=False)
            console.print(plain("\n".join(f"  {line}" for line in lines)), style="dim", markup=False)
        console.print(Text.assemble(("Error: ", "bold red"), plain(str(error))))
        raise typer.Exit(exit_code) from error
