"""`warmline reconcile`: database and streams brought together."""

from __future__ import annotations

import asyncio
import os
from typing import Annotated

import typer
from rich.console import Console

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.progress_display import ProgressDisplay
from infra.cli.quiet_logs import quiet_logs
from infra.reconcile.ingest import unknown_policies
from infra.reconcile.looking import logs_behind
from infra.reconcile.run import Reconciled
from infra.reconcile.run import reconcile as bring_together
from infra.reconcile.streams_behind import streams_behind
from infra.running_servers import Servers, connected, running_servers

_MOST = 10
_FOLD_ON = (
    "triage folds on what it has lost out of MEMBER_EVENTS and publishes nothing twice; notifier takes back the touch "
    "facts that it had published; ingest learns again which policies were adopted."
)
_PUT_BACK = (
    "what MEMBER_EVENTS has lost is put back as far as the database holds it, each event under its own identity; "
    "TOUCHES and TOUCH_FACTS are made anew and filled from the logs; readers go back to where the streams part. "
    "What the team told of members by hand since is gone, and listed."
)
_LOST_TOLD = (
    "Told by the team, and gone. Keep this list: nothing else has it, and somebody has to tell all of it again:"
)
_UNKNOWN_TOUCHES = "Facts about touches that nothing raises, left as they are in TOUCH_FACTS:"
_UNKNOWN_SOURCES = (
    "Sources whose events came in and that have no token here. Where they did not send with the administrator's token, "
    "make them one anew (docs/running.md):"
)
_UNKNOWN_IMPORTS = "Communities with an import that is in no ledger. Run the same import again:"


def reconcile(
    data: Data = DEFAULT_DATA,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Bring database and streams together after one of them was restored from an earlier moment than the other.

    It shows what it has found and asks. Services may run: their shards stand still until it is done. Interrupted, it
    goes on where it was when it is run again.
    """
    quiet_logs()
    with failures_in_words():
        console = Console(soft_wrap=True, highlight=False)
        servers = running_servers(data, os.environ)
        database, streams = asyncio.run(_look(servers))
        if not database and not streams:
            console.print("Nothing to reconcile: database and streams are of one moment.")
            return
        for findings, what, plan in ((database, "The database", _FOLD_ON), (streams, "A stream", _PUT_BACK)):
            if findings:
                console.print(f"{what} is of an earlier moment:", style="bold")
                for finding in findings:
                    console.print(f"  {finding}", markup=False)
                console.print(f"\nTo be done: {plan}\n", markup=False)
        if not yes:
            typer.confirm("Go on?", abort=True)
        try:
            show(console, asyncio.run(_reconcile(servers)))
        except KeyboardInterrupt:
            console.print("Interrupted: run the command again, and it goes on.")
            raise typer.Exit(130) from None
        console.print("\nReconciled. Check it with: warmline verify", style="bold green")


async def _look(servers: Servers) -> tuple[list[str], list[str]]:
    async with connected(servers, "warmline reconcile") as connections:
        database = [*(one.says for one in await logs_behind(connections)), *await unknown_policies(connections)]
        return database, [one.says for one in await streams_behind(connections)]


async def _reconcile(servers: Servers) -> Reconciled:
    with ProgressDisplay() as progress:
        async with connected(servers, "warmline reconcile") as connections:
            return await bring_together(connections, progress)


def show(console: Console, done: Reconciled) -> None:
    """Print what was done, and what could not be."""
    if done.recovered is not None:
        recovered = done.recovered
        console.print(
            f"{recovered.events:,} member events and {recovered.facts:,} facts put back into MEMBER_EVENTS; "
            f"{recovered.gone:,} that triage had taken in are gone from it."
        )
        if recovered.told:
            console.print(_LOST_TOLD, style="yellow")
            for told in recovered.told:
                console.print(f"  {told}", markup=False)
    if done.made_anew:
        console.print(f"Made anew and filled from the logs: {', '.join(done.made_anew)}.")
    console.print(
        f"{done.adopted:,} touch facts adopted, {done.relearned.policies:,} adoptions of policies learned again, "
        f"{done.passed_over:,} settled touches known to be back in MEMBER_EVENTS."
    )
    for what, names in (
        (_UNKNOWN_TOUCHES, done.unknown_touches),
        (_UNKNOWN_SOURCES, done.unknown.sources),
        (_UNKNOWN_IMPORTS, done.unknown.imports),
    ):
        if names:
            console.print(what, style="yellow")
            for name in names[:_MOST]:
                console.print(f"  {name}", markup=False)
            if len(names) > _MOST:
                console.print(f"  and {len(names) - _MOST:,} more")
