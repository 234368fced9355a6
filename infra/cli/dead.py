"""`warmline dead`: messages and deadlines that could not be processed."""

from __future__ import annotations

import asyncio
import getpass
import json
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated, Any, Final, TypeVar

import psycopg
import typer
from rich.console import Console

from infra.cli.dead_display import as_data, retried_line, show_letter, table_of
from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.quiet_logs import quiet_logs
from infra.dead_letters.ending import drop as drop_letters
from infra.dead_letters.letter import Letter, Wanted
from infra.dead_letters.reading import body_of, by_id, find
from infra.dead_letters.retrying import Retried
from infra.dead_letters.retrying import retry as retry_letters
from infra.operator_error import OperatorError
from infra.running_servers import connected, connected_to_postgres, running_servers
from infra.shards import SERVICES

T = TypeVar("T")

dead_app = typer.Typer(
    name="dead",
    help="Dead letters: messages and deadlines that could not be processed. The rest went on without them.",
    no_args_is_help=True,
)
_SHOWN: Final = 100

Ids = Annotated[list[str] | None, typer.Argument(metavar="ID", help="Ids from `warmline dead list`, or beginnings.")]
Id = Annotated[str, typer.Argument(metavar="ID", help="An id from `warmline dead list`, or its beginning.")]
Service = Annotated[str | None, typer.Option(help=f"Only those of a service: {', '.join(SERVICES)}.")]
Community = Annotated[str | None, typer.Option(help="Only those of a community.")]
Stream = Annotated[str | None, typer.Option(help="Only those of a stream: MEMBER_EVENTS, TOUCHES, TOUCH_FACTS.")]
Every = Annotated[bool, typer.Option("--all", help="All that are parked, or of those the ones that an option names.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]


@dead_app.command("list")
def list_(
    service: Service = None,
    community: Community = None,
    stream: Stream = None,
    ended: Annotated[bool, typer.Option("--ended", help="Those that were retried or dropped, too.")] = False,
    limit: Annotated[int, typer.Option(min=1, help="How many at most; oldest first.")] = _SHOWN,
    as_json: AsJson = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """List what is parked, oldest first."""
    with failures_in_words():
        wanted = _wanted(service, community, stream, ended=ended)
        found = asyncio.run(_with_postgres(data, lambda connection: find(connection, wanted)))
        if as_json:
            _write({"count": len(found), "letters": [as_data(letter) for letter in found[:limit]]})
            return
        console = Console(soft_wrap=True, highlight=False)
        if not found:
            console.print("There is no dead letter." if wanted == Wanted() else "There is no such dead letter.")
            return
        console.print(table_of(found[:limit], ended=ended))
        if len(found) > limit:
            console.print(f"\n{len(found) - limit:,} more: see --limit.")


@dead_app.command()
def show(
    letter: Id,
    body: Annotated[
        bool, typer.Option("--body", help="Also what the message says: it may be a member's words.")
    ] = False,
    as_json: AsJson = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Show one letter: where it stood, its headers, the error, and what became of it."""

    async def read(connection: psycopg.AsyncConnection[Any]) -> tuple[Letter, bytes]:
        (found,) = await by_id(connection, [letter])
        return found, await body_of(connection, found)

    with failures_in_words():
        found, content = asyncio.run(_with_postgres(data, read))
        if as_json:
            _write(as_data(found) | ({"body": content.decode(errors="replace")} if body else {"bytes": len(content)}))
        else:
            show_letter(Console(soft_wrap=True, highlight=False), found, content, body=body)


@dead_app.command()
def retry(
    letters: Ids = None,
    every: Every = False,
    service: Service = None,
    community: Community = None,
    stream: Stream = None,
    as_json: AsJson = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Process letters once more, after the cause is gone.

    A message is published again to its stream: who parked it folds it at that new place, and all others know it
    already. One retry serves all who parked the same message. A deadline is set again for now.

    Exit code 1 when one of them was not retried or failed again.
    """
    quiet_logs()

    async def run() -> list[Retried]:
        async with connected(running_servers(data, os.environ), "warmline dead retry") as servers:
            return await retry_letters(servers, await _chosen(servers.postgres, chosen, wanted), _operator())

    with failures_in_words():
        chosen, wanted = letters or [], _wanted(service, community, stream)
        _refuse_unclear(chosen, wanted, every=every)
        done = asyncio.run(run())
        if as_json:
            _write({"letters": [{"id": one.letter.id, "well": one.well, "says": one.says} for one in done]})
        else:
            console = Console(soft_wrap=True, highlight=False)
            for one in done:
                console.print(retried_line(one))
            if not done:
                console.print("There is no such dead letter.")
        if not all(one.well for one in done):
            raise typer.Exit(1)


@dead_app.command()
def drop(
    letters: Ids = None,
    every: Every = False,
    service: Service = None,
    community: Community = None,
    stream: Stream = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Give letters up: they stay as records, and are counted no more.

    What a dropped message says is never folded. In its stream it stays, and where another reader folded it, too.
    """
    with failures_in_words():
        chosen, wanted = letters or [], _wanted(service, community, stream)
        _refuse_unclear(chosen, wanted, every=every)
        found = asyncio.run(_with_postgres(data, lambda connection: _chosen(connection, chosen, wanted)))
        parked = [letter for letter in found if letter.outcome is None]
        console = Console(soft_wrap=True, highlight=False)
        if not parked:
            console.print("There is nothing to drop.")
            return
        if not yes:
            console.print(table_of(parked, ended=False))
            typer.confirm(
                f"Drop {'this letter' if len(parked) == 1 else f'these {len(parked):,} letters'}?", abort=True
            )
        count = asyncio.run(_with_postgres(data, lambda connection: drop_letters(connection, parked, _operator())))
        console.print(f"{count:,} dropped.")


async def _with_postgres(data: Path, action: Callable[[psycopg.AsyncConnection[Any]], Awaitable[T]]) -> T:
    async with connected_to_postgres(running_servers(data, os.environ), "warmline dead") as connection:
        return await action(connection)


async def _chosen(connection: psycopg.AsyncConnection[Any], ids: list[str], wanted: Wanted) -> list[Letter]:
    return await by_id(connection, ids) if ids else await find(connection, wanted)


def _wanted(service: str | None, community: str | None, stream: str | None, *, ended: bool = False) -> Wanted:
    if service is not None and service not in SERVICES:
        raise OperatorError(f"There is no service {service!r}: there are {', '.join(SERVICES)}.")
    return Wanted(service=service, community=community, stream=stream, ended=ended)


def _refuse_unclear(ids: list[str], wanted: Wanted, *, every: bool) -> None:
    if every == bool(ids):
        raise OperatorError("Name one or more letters by their ids, or use --all. For their ids: warmline dead list")
    if ids and wanted != Wanted():
        raise OperatorError("--service, --community and --stream go with --all: an id says by itself which is meant.")


def _operator() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return f"user {os.getuid()}"


def _write(data: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
