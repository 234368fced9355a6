"""`warmline provision`: streams and tables, on servers that stand already."""

from __future__ import annotations

import asyncio
from typing import Annotated

import nats.errors
import psycopg
import typer

from infra.cli.failure import failures_in_words
from infra.operator_error import OperatorError
from infra.provision import provision as create_what_is_missing
from shared.settings import ServiceSettings, SettingsError


def provision(
    apply: Annotated[
        bool, typer.Option("--apply", help="Change streams that are configured otherwise, where nothing is lost by it.")
    ] = False,
) -> None:
    """Create the streams and tables that are missing, on servers of your own. `warmline up` does this by itself.

    The servers are those of WARMLINE_NATS_URL and WARMLINE_POSTGRES_URL. The environment is the services' own,
    with WARMLINE_TOKEN and WARMLINE_PARTITIONS. Without --apply nothing that is there is changed, so it may run at
    every start; a stream that is configured otherwise than Warmline needs is shown, setting by setting.
    """
    with failures_in_words():
        try:
            settings = ServiceSettings.from_env()
        except SettingsError as error:
            raise OperatorError(str(error)) from error
        typer.echo("Preparing streams and tables")
        try:
            asyncio.run(
                create_what_is_missing(
                    settings.nats_url,
                    settings.postgres_url,
                    settings.partitions,
                    settings.streams,
                    apply=apply,
                    report=typer.echo,
                )
            )
        except (OSError, TimeoutError, nats.errors.Error) as error:
            why = str(error) or type(error).__name__
            raise OperatorError(f"NATS does not do its part: {why}. Check WARMLINE_NATS_URL and the server.") from error
        except psycopg.Error as error:
            why = str(error).strip() or type(error).__name__
            raise OperatorError(
                f"PostgreSQL does not do its part: {why}. Check WARMLINE_POSTGRES_URL and the server."
            ) from error
        typer.echo(f"Streams and tables are there, for {settings.partitions} partitions.")
