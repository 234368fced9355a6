"""`warmline up`: everything on this machine, until Ctrl-C."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from infra.cli.email_key import email_key
from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.embedded_run import EmbeddedRun, RunOptions
from infra.operator_error import OperatorError
from infra.run_file import sole_use
from infra.stop_signals import StopSignals
from infra.token import administrator_token
from shared.topology import read_bytes


def up(
    data: Data = DEFAULT_DATA,
    port: Annotated[
        int | None,
        typer.Option(
            envvar="PORT",
            min=1,
            max=65_534,
            show_default="the first free pair from 8080",
            help="Port of the desk and the API; events are received on the port after it.",
        ),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(
            envvar="PROCESSES",
            min=1,
            max=16,
            help="Processes of each service, which share its partitions: one more takes over when one dies.",
        ),
    ] = 1,
    partitions: Annotated[
        int,
        typer.Option(
            envvar="WARMLINE_PARTITIONS", min=1, max=256, help="Shares of the work; fixed when DATA is first used."
        ),
    ] = 4,
    nats_nodes: Annotated[
        int | None,
        typer.Option(
            envvar="NATS_NODES",
            min=1,
            max=3,
            show_default="1",
            help="NATS servers: 1, or 3, each with every stream; fixed when DATA is first used.",
        ),
    ] = None,
    stream_bytes: Annotated[
        str | None,
        typer.Option(
            envvar="WARMLINE_STREAM_BYTES",
            show_default="10GiB, or that of the run before",
            help="Bound of the stream of member events; the two others get a quarter each. A full stream refuses.",
        ),
    ] = None,
    apply: Annotated[
        bool, typer.Option("--apply", help="Change streams that are configured otherwise, where nothing is lost by it.")
    ] = False,
    policy: Annotated[
        Path | None,
        typer.Option(
            envvar="POLICY",
            dir_okay=False,
            show_default="DATA/policy.yaml, written at the first start",
            help="The care policy to put into force.",
        ),
    ] = None,
    demo: Annotated[
        bool, typer.Option(envvar="DEMO", help="Bring a small demo community to life beside yours.")
    ] = True,
) -> None:
    """Start Warmline on this machine: database, message streams and services. Ctrl-C stops it.

    Everything is kept in DATA and is there again at the next start.
    The administrator's token is WARMLINE_TOKEN, or generated once and printed.
    """
    with failures_in_words():
        if sys.platform != "linux":
            raise OperatorError(
                "`warmline up` brings its own servers, which exist for Linux only. Elsewhere use: docker compose up"
            )
        folder = data.resolve()
        with sole_use(folder):
            token = administrator_token(folder, os.environ)
            options = RunOptions(
                data=folder,
                port=port,
                processes=processes,
                partitions=partitions,
                nats_nodes=_one_or_three(nats_nodes),
                stream_bytes=_bytes(stream_bytes),
                apply=apply,
                token=token,
                email_key=email_key(None, folder, os.environ),
                policy=policy,
                demo=demo,
            )
            asyncio.run(_run(options))


def _one_or_three(nodes: int | None) -> int | None:
    if nodes == 2:
        raise OperatorError("Two NATS servers are worse than one: if either is away, nothing is stored. Use 1 or 3.")
    return nodes


def _bytes(text: str | None) -> int | None:
    try:
        return read_bytes(text) if text else None
    except ValueError as error:
        raise OperatorError(f"--stream-bytes (WARMLINE_STREAM_BYTES) is {text!r}: {error}.") from error


async def _run(options: RunOptions) -> None:
    signals, console = StopSignals(), Console(soft_wrap=True, highlight=False)
    with console.status("Starting") as status:

        def report(line: str) -> None:
            # On a terminal the spinner shows what is being done; anywhere else each step is a line of its own.
            if console.is_terminal and not ready:
                status.update(escape(line))
            else:
                console.print(line, markup=False)

        ready = False
        run = EmbeddedRun(options, report=report)
        try:
            ready = await signals.unless_received(run.start())
            status.stop()
            if ready:
                _welcome(console, run, options)
                await signals.received.wait()
            console.print("Stopping ...")
        finally:
            await run.stop()
    console.print(f"Stopped. Everything is kept in {options.data}", markup=False)


def _welcome(console: Console, run: EmbeddedRun, options: RunOptions) -> None:
    given = os.environ.get("WARMLINE_TOKEN")
    rows: list[tuple[str, str | Path]] = [
        ("Desk", run.run.desk_url),
        ("API", f"{run.run.desk_url}/api/v1"),
        ("Events", f"{run.run.ingest_url}/v1/events"),
        ("Token", "the one in WARMLINE_TOKEN" if given else options.token),
        ("Data", options.data),
    ]
    if not run.postgres_directory.is_relative_to(options.data):
        rows.append(("PostgreSQL", f"{run.postgres_directory} (it does not run as root)"))
    rows.append(("Stop", "Ctrl-C" if console.is_terminal else f"kill {os.getpid()}"))
    console.print("\nWarmline is ready.\n", style="bold green")
    for name, value in rows:
        console.print(f"  [bold]{name:<12}[/bold]{escape(str(value))}")
    console.print()
