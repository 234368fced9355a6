"""`warmline rebuild`: read models anew from the streams."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.operator_error import OperatorError
from infra.rebuild import Rebuild, Rebuilt
from infra.running_servers import Servers, connected, running_servers
from services.projections.views import VIEWS
from shared.view import View

_NAMES = ", ".join(view.name for view in VIEWS)


def rebuild(
    views: Annotated[list[str] | None, typer.Argument(metavar="VIEW", help=f"Of these: {_NAMES}.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every view, one after the other.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Fold views anew from the streams and put them in place of the live ones, while the system runs.

    The desk and the API go on with the live view until the new one is complete; then they change places at once. It
    is shown what differed, which is what a view was rebuilt for. Interrupted, it leaves the live view as it was.
    """
    quiet_logs()
    with failures_in_words():
        chosen = _chosen(views or [], every=every)
        try:
            asyncio.run(_rebuild(running_servers(data, os.environ), chosen))
        except KeyboardInterrupt:
            Console(stderr=True).print("Interrupted: the view that was being rebuilt is as it was.")
            raise typer.Exit(130) from None


def _chosen(names: list[str], *, every: bool) -> list[View]:
    known = {view.name: view for view in VIEWS}
    unknown = [name for name in names if name not in known]
    if unknown:
        raise OperatorError(f"There is no view {', '.join(unknown)}: there are {_NAMES}.")
    if every == bool(names):
        raise OperatorError(f"Name one or more views ({_NAMES}), or use --all for every one.")
    return list(VIEWS) if every else [known[name] for name in dict.fromkeys(names)]


async def _rebuild(servers: Servers, views: list[View]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    async with connected(servers, "warmline rebuild") as connections:
        for view in views:
            with ProgressDisplay() as progress:
                rebuilt = await Rebuild(connections, view, progress).run()
            _show(console, view, rebuilt)


def _show(console: Console, view: View, rebuilt: Rebuilt) -> None:
    console.print(Text.assemble((f"{view.name}: ", "bold"), f"rebuilt, {rebuilt.rows:,} rows. {_compared(rebuilt)}"))
    for difference in rebuilt.differences or ():
        console.print(f"  {difference.what} ({difference.count:,})", markup=False)
        for example in difference.examples:
            console.print(f"    {example}", markup=False)
    if rebuilt.parked:
        console.print(f"  {rebuilt.parked:,} messages cannot be folded: they are dead letters. See: warmline status")


def _compared(rebuilt: Rebuilt) -> str:
    if rebuilt.differences is None:
        return "The view that it replaces stood elsewhere in the streams, so they were not compared."
    count = sum(difference.count for difference in rebuilt.differences)
    return f"It differs from the one that it replaces in {count:,}:" if count else "It is as the one that it replaces."
