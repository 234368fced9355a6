"""`warmline rebuild`: read models anew from the streams, and states anew from the logs."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.text import Text

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.event_stores import STORES
from infra.operator_error import OperatorError
from infra.progress import Progress
from infra.rebuilding.rebuilt import Rebuilt
from infra.rebuilding.state_rebuild import StateRebuild
from infra.rebuilding.view_rebuild import ViewRebuild
from infra.running_servers import Connections, Servers, connected, running_servers
from services.projections.views import VIEWS

_VIEWS: Final = {view.name: view for view in VIEWS}
_NAMES: Final = (*_VIEWS, *STORES)


def rebuild(
    names: Annotated[
        list[str] | None,
        typer.Argument(metavar="NAME", help=f"Views: {', '.join(_VIEWS)}. States of services: {', '.join(STORES)}."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them, one after the other.")] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Fold anew what is derived, and put it in place of what is there, while the system runs.

    A view is folded from the streams, the states and deadlines of a service from its own log. Everything goes on with
    the live copy until the new one is complete; then they change places at once, and for a few seconds nobody writes.
    It is shown what differed, which is what it was rebuilt for. Interrupted, it leaves the live copy as it was.
    """
    quiet_logs()
    with failures_in_words():
        chosen = _chosen(names or [], every=every)
        try:
            asyncio.run(_rebuild(running_servers(data, os.environ), chosen))
        except KeyboardInterrupt:
            Console(stderr=True).print("Interrupted: what was being rebuilt is as it was.")
            raise typer.Exit(130) from None


def _chosen(names: list[str], *, every: bool) -> list[str]:
    unknown = [name for name in names if name not in _NAMES]
    if unknown:
        raise OperatorError(f"There is no {', '.join(unknown)} to rebuild: there are {', '.join(_NAMES)}.")
    if every == bool(names):
        raise OperatorError(f"Name what to rebuild ({', '.join(_NAMES)}), or use --all for everything.")
    return list(_NAMES) if every else list(dict.fromkeys(names))


async def _rebuild(servers: Servers, names: list[str]) -> None:
    console = Console(soft_wrap=True, highlight=False)
    async with connected(servers, "warmline rebuild") as connections:
        for name in names:
            with ProgressDisplay() as progress:
                rebuilt = await _work(connections, name, progress).run()
            _show(console, name, rebuilt)


def _work(connections: Connections, name: str, progress: Progress) -> ViewRebuild | StateRebuild:
    if name in _VIEWS:
        return ViewRebuild(connections, _VIEWS[name], progress)
    return StateRebuild(connections, name, progress)


def _show(console: Console, name: str, rebuilt: Rebuilt) -> None:
    console.print(Text.assemble((f"{name}: ", "bold"), f"rebuilt, {rebuilt.rows:,} rows. {_compared(rebuilt)}"))
    for difference in rebuilt.differences or ():
        console.print(f"  {difference.what} ({difference.count:,})", markup=False)
        for example in difference.examples:
            console.print(f"    {example}", markup=False)
    if rebuilt.parked:
        console.print(f"  {rebuilt.parked:,} messages cannot be folded: they are dead letters. See: warmline dead list")


def _compared(rebuilt: Rebuilt) -> str:
    if rebuilt.differences is None:
        return "What it replaces had other tables or stood elsewhere in the streams, so they were not compared."
    count = sum(difference.count for difference in rebuilt.differences)
    return f"It differs from what it replaces in {count:,}:" if count else "It is as what it replaces."
