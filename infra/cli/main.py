"""The command `warmline`: one module in this package for each subcommand."""

from __future__ import annotations

import typer

from infra.cli.backup import backup
from infra.cli.contracts import contracts
from infra.cli.dead import dead_app
from infra.cli.imports import import_app
from infra.cli.integrators import integrators_app
from infra.cli.members import member_app
from infra.cli.migrate_data import migrate_data
from infra.cli.nats_url import nats_url
from infra.cli.policy import policy_app
from infra.cli.provision import provision
from infra.cli.rebuild import rebuild
from infra.cli.reconcile import reconcile
from infra.cli.restore import restore
from infra.cli.sources import source_app
from infra.cli.status import status
from infra.cli.tone import tone_app
from infra.cli.up import up
from infra.cli.verify import verify

app = typer.Typer(
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


app.command()(up)
app.command()(status)
app.command()(provision)
app.command()(verify)
app.command()(rebuild)
app.command()(backup)
app.command()(restore)
app.command()(reconcile)
app.command()(migrate_data)
app.command()(contracts)
app.add_typer(dead_app)
app.command()(nats_url)
app.add_typer(import_app)
app.add_typer(policy_app)
app.add_typer(integrators_app)
app.add_typer(source_app)
app.add_typer(tone_app)
app.add_typer(member_app)

if __name__ == "__main__":
    app()
