"""``python -m tests.chaos``: hurt a real deployment under load, and see whether anything is lost."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import secrets
import sys
from pathlib import Path

from rich.console import Console

from infra.operator_error import OperatorError
from infra.stop_signals import StopSignals
from tests.chaos.machine import this_machine
from tests.chaos.power import own_mounts
from tests.chaos.run import Plan, chaos, rounds_of
from tests.chaos.table import as_data, show
from tests.chaos.verdict import Verdict

_WIDTH = 120
"""Columns of a table that is not read on a terminal."""


def main() -> int:
    """Return the exit code: 0 when nothing is lost, 1 when something is wrong, 2 when it could not be run."""
    options = _options()
    console = Console(highlight=False, width=None if sys.stdout.isatty() else _WIDTH)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)  # connections that we reset ourselves
    seed = secrets.randbelow(1_000_000) if options.seed is None else options.seed
    own_mounts()
    plan = Plan(seed=seed, seconds=options.seconds, nodes=options.nodes, machine=this_machine())
    if options.plan:
        _print_plan(console, plan)
        return 0
    console.print(f"SEED={plan.seed} SECONDS={plan.seconds:.0f} NODES={plan.nodes}", style="bold")
    try:
        verdict = asyncio.run(_run(plan, console, options.logs))
    except OperatorError as error:
        console.print(f"Error: {error}", style="bold red", markup=False)
        return 2
    if verdict is None:
        console.print("Stopped: nothing was judged.")
        return 130
    show(console, verdict)
    if options.json is not None:
        options.json.write_text(json.dumps(as_data(verdict), indent=1) + "\n", encoding="utf-8")
    return 0 if verdict.good else 1


async def _run(plan: Plan, console: Console, logs: Path | None) -> Verdict | None:
    verdicts: list[Verdict] = []

    async def work() -> None:
        verdicts.append(await chaos(plan, lambda line: console.print(line, markup=False), logs))

    await StopSignals().unless_received(work())
    return verdicts[0] if verdicts else None


def _print_plan(console: Console, plan: Plan) -> None:
    for one in rounds_of(plan):
        for fault in one:
            when = f"{fault.at:6.1f} s for {fault.seconds:3.1f} s"
            console.print(f"{when}  {fault.kind.name}  ({fault.target})", markup=False)
        console.print()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.chaos",
        description="Run Warmline on servers of its own, send it events, break it again and again in every way that "
        "this machine allows, and check that nothing is lost, doubled or out of order.",
    )
    parser.add_argument("--seed", type=int, help="the same seed gives the same schedule of faults; default: any")
    parser.add_argument("--seconds", type=float, default=120, help="how long faults go on (default: %(default)s)")
    parser.add_argument("--nodes", type=int, choices=(1, 3), default=1, help="NATS servers (default: %(default)s)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the verdict there, for programs")
    parser.add_argument("--logs", type=Path, metavar="FOLDER", help="leave a copy of all logs there")
    parser.add_argument("--plan", action="store_true", help="print the schedule, and do nothing")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
