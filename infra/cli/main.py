"""The command `warmline`: one module in this package for each subcommand."""

from __future__ import annotations

import typer

from infra.cli.commands import CommandsOnDemand

app = typer.Typer(
    cls=CommandsOnDemand,
    name="warmline",
    help="Warmline notices which members of a community need a human now, and brings them to the right one.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
    rich_markup_mode="markdown",
)


@app.callback()
def warmline() -> None:
    """Keep `warmline COMMAND` the form even while there is one command."""


if __name__ == "__main__":
    app()
