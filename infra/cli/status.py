"""`warmline status`: is everything well, and how far has everything come?"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.operator_error import OperatorError
from infra.run_file import running
from infra.system_status import SystemStatus, system_status


def status(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Ask every part of the running system how it is. Exit code 1 when something is not well."""
    with failures_in_words():
        run = running(data)
        if run is None:
            raise OperatorError(f"No Warmline runs on {data.resolve()}. Start it with: warmline up")
        found = asyncio.run(system_status(run))
        if as_json:
            sys.stdout.write(json.dumps({"well": found.well, **dataclasses.asdict(found)}) + "\n")
        else:
            _show(found)
        if not found.well:
            raise typer.Exit(1)


def _show(found: SystemStatus) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for part in found.parts:
        mark = Text("well", style="green") if part.well else Text("look", style="bold red")
        table.add_row(mark, Text(part.name, style="bold"), Text(part.says))
    Console(soft_wrap=True).print(table)
