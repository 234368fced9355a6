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
from infra.operator_error import OperatorError
from infra.reconcile.ingest import unknown_policies
from infra.reconcile.looking import logs_behind, streams_behind
from infra.reconcile.run import Reconciled
from infra.reconcile.run import reconcile as bring_together
from infra.running_servers import Servers, connected, running_servers

_MOST = 10
_UNKNOWN_TOUCHES = "Facts about touches that nothing raises, left as they are in TOUCH_FACTS:"
_UNKNOWN_SOURCES = (
    "Sources whose events came in and that have no token here. Where they did not send with the administrator's token, "
    "make them one anew (docs/running.md):"
)
_STREAMS_BEHIND = (
    "The streams are of an earlier moment than the database, or others stand in their place. This cannot be brought "
    "together, for what they lack stands nowhere else; nothing was changed:\n  {}\n"
    "Put those streams back that belong to this database. If they are lost, restore a backup of both into empty "
    "servers: warmline restore DIR"
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
        findings = asyncio.run(_look(servers))
        if not findings:
            console.print("Nothing to reconcile: database and streams are of one moment.")
            return
        console.print("The database is of an earlier moment than the streams:", style="bold")
        for finding in findings:
            console.print(f"  {finding}", markup=False)
        console.print(
            "\nTo be done: triage folds on what it has lost out of MEMBER_EVENTS and publishes nothing twice; notifier "
            "takes back the touch facts that it had published; ingest learns again which policies were adopted."
        )
        if not yes:
            typer.confirm("Go on?", abort=True)
        try:
            show(console, asyncio.run(_reconcile(servers)))
        except KeyboardInterrupt:
            console.print("Interrupted: run the command again, and it goes on.")
            raise typer.Exit(130) from None
        console.print("\nReconciled. Check it with: warmline verify", style="bold green")


async def _look(servers: Servers) -> list[str]:
    """Return what is to be done; raises OperatorError where it cannot be."""
    async with connected(servers, "warmline reconcile") as connections:
        if behind := await streams_behind(connections):
            more = [f"and {len(behind) - _MOST:,} more"] if len(behind) > _MOST else []
            raise OperatorError(_STREAMS_BEHIND.format("\n  ".join([*behind[:_MOST], *more])))
        return [*(one.says for one in await logs_behind(connections)), *await unknown_policies(connections)]


async def _reconcile(servers: Servers) -> Reconciled:
    with ProgressDisplay() as progress:
        async with connected(servers, "warmline reconcile") as connections:
            return await bring_together(connections, progress)


def show(console: Console, done: Reconciled) -> None:
    """Print what was done, and what could not be."""
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
