"""`warmline provision`: streams and tables, on servers that stand already."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated

import nats.errors
import psycopg
import typer

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.operator_error import OperatorError
from infra.provision import provision as create_what_is_missing
from infra.run_file import RunFile
from infra.running_servers import NATS_URL, POSTGRES_URL, running_on
from shared.settings import ServiceSettings, SettingsError


def provision(
    apply: Annotated[
        bool, typer.Option("--apply", help="Change streams that are configured otherwise, where nothing is lost by it.")
    ] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Create the streams and tables that are missing. `warmline up` does this by itself when it starts.

    The servers are those of WARMLINE_NATS_URL and WARMLINE_POSTGRES_URL, with the services' own environment
    (WARMLINE_TOKEN and WARMLINE_PARTITIONS); without these two, those of the Warmline that runs on DATA.

    Without --apply nothing that is there is changed, so it may run at every start; a stream that is configured
    otherwise than Warmline needs is shown, setting by setting.
    """
    with failures_in_words():
        settings = _settings(data, os.environ)
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


def _settings(data: Path, environ: Mapping[str, str]) -> ServiceSettings | RunFile:
    if not environ.get(NATS_URL) and not environ.get(POSTGRES_URL):
        return running_on(data)
    try:
        return ServiceSettings.from_env(environ)
    except SettingsError as error:
        raise OperatorError(str(error)) from error
