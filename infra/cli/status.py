"""`warmline status`: is everything well, and how far has everything come?"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.looking.faces import Faces
from infra.run_file import running
from infra.running_servers import NATS_URL, running_servers
from infra.running_system import API_URL, INGEST_URL
from infra.system_status import SystemStatus, system_status


def status(
    data: Data = DEFAULT_DATA,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
) -> None:
    """Ask every part of the running system how it is. Exit code 1 when something is not well."""
    with failures_in_words():
        servers = running_servers(data, os.environ)
        found = asyncio.run(system_status(servers, _faces(data)))
        if as_json:
            sys.stdout.write(json.dumps({"well": found.well, **dataclasses.asdict(found)}) + "\n")
        else:
            _show(found)
        if not found.well:
            raise typer.Exit(1)


def _faces(data: Path) -> Faces:
    run = None if NATS_URL in os.environ else running(data)
    if run is not None:
        return Faces(desk_url=run.desk_url, ingest_url=run.ingest_url)
    return Faces(desk_url=os.environ.get(API_URL), ingest_url=os.environ.get(INGEST_URL))


def _show(found: SystemStatus) -> None:
    table = Table(box=None, show_header=False, pad_edge=False)
    for part in found.parts:
        mark = Text("well", style="green") if part.well else Text("look", style="bold red")
        table.add_row(mark, Text(part.name, style="bold"), Text(part.says))
    Console(soft_wrap=True).print(table)
