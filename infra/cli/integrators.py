"""`warmline integrators`: the programs that are told who needs a human, by webhook."""

from __future__ import annotations

import asyncio
import base64
import os
import secrets
import sys
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.plain_text import plain
from infra.cli.quiet_logs import quiet_logs
from infra.integrators import IntegratorRow, integrator_rows, resume_integrator
from infra.operator_error import OperatorError
from infra.private_file import write_private
from infra.running_servers import connected, running_servers
from services.notifier.deliveries.secrets import FOLDER

integrators_app = typer.Typer(
    name="integrators",
    help="The programs that are told who needs a human, by webhook.",
    invoke_without_command=True,
    no_args_is_help=False,
)
Name = Annotated[str, typer.Argument(metavar="NAME", help="The integrator's name in the care policy.")]
Organisation = Annotated[
    str | None, typer.Option(help="The organisation, where integrators of several have the same name.")
]
_SECRET_BYTES: Final = 32


@integrators_app.callback()
def integrators(
    context: typer.Context,
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Show how far each integrator has come, and what is wrong where something is."""
    if context.invoked_subcommand is not None:
        return
    with failures_in_words():
        rows = asyncio.run(_rows(data))
    if as_json:
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
    elif not rows:
        Console(soft_wrap=True).print("No integrator has been told anything yet: name one in the care policy.")
    else:
        _show(rows)


@integrators_app.command()
def resume(name: Name, data: Data = DEFAULT_DATA, organisation: Organisation = None) -> None:
    """Deliver again to an integrator that is paused or waits for its next attempt, from where it stopped."""
    with failures_in_words():
        asyncio.run(_resume(data, name, organisation))
    Console(soft_wrap=True).print(f"{name} is delivered to again.", markup=False)


@integrators_app.command()
def secret(name: Name, data: Data = DEFAULT_DATA, organisation: Organisation = None) -> None:
    """Make a new secret, keep it where the notifier looks for it, and print it once."""
    with failures_in_words():
        folder = Path(os.environ.get(FOLDER) or data / "integrators")
        owner = organisation or asyncio.run(_organisation(data, name))
        made = f"whsec_{base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()}"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        write_private(folder / f"{owner}.{name}", made + "\n")
    sys.stdout.write(made + "\n")
    Console(stderr=True, soft_wrap=True).print(
        f"Kept in {folder / f'{owner}.{name}'}. Give it to the integrator: it proves that deliveries come from here.",
        markup=False,
    )


async def _rows(data: Path) -> list[IntegratorRow]:
    quiet_logs()
    async with connected(running_servers(data, os.environ), "warmline integrators") as connections:
        return await integrator_rows(connections)


async def _resume(data: Path, name: str, organisation: str | None) -> None:
    quiet_logs()
    async with connected(running_servers(data, os.environ), "warmline integrators") as connections:
        await resume_integrator(connections, name, organisation)


async def _organisation(data: Path, name: str) -> str:
    owners = sorted({row.organisation for row in await _rows(data) if row.name == name})
    if len(owners) == 1:
        return owners[0]
    if owners:
        raise OperatorError(
            f"Several organisations have an integrator {name}: give --organisation {' or '.join(owners)}."
        )
    raise OperatorError(
        f"No policy in force names an integrator {name}. Adopt the one that does first: warmline policy adopt FILE. Or "
        "say whose it will be, with --organisation."
    )


def _show(rows: list[IntegratorRow]) -> None:
    table = Table("integrator", "of", "delivered", "waiting", "given up", "state", box=None, header_style="bold")
    for row in rows:
        state: Any = Text("well", style="green")
        if row.paused:
            state = Text(
                plain(f"paused: {row.last_error}. Mend it, then: warmline integrators resume {row.name}"), style="red"
            )
        elif row.last_error is not None:
            state = Text(plain(row.last_error), style="yellow")
        elif row.given_up_last is not None:
            state = Text(plain(f"well; the last that was given up: {row.given_up_last}"))
        table.add_row(
            row.name,
            f"{row.organisation}, {row.community}",
            f"{row.delivered:,}",
            f"{row.waiting:,}",
            f"{row.given_up:,}",
            state,
        )
    Console(soft_wrap=False, highlight=False).print(table)
