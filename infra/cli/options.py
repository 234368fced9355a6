"""Options that several commands share."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from infra.operator_error import OperatorError
from shared.contracts.names import NAME_PATTERN

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="DATA",
        file_okay=False,
        help="The folder that holds everything Warmline keeps.",
    ),
]
DEFAULT_DATA = Path(".data")

NatsNodes = Annotated[
    int, typer.Option(envvar="NATS_NODES", min=1, max=3, help="Embedded NATS servers for DATA: 1 or 3.")
]
Replicas = Annotated[
    int,
    typer.Option(
        envvar="WARMLINE_STREAM_REPLICAS", min=1, max=5, help="On how many servers of your own each stream stands."
    ),
]


def checked_name(option: str, name: str) -> None:
    """Raise OperatorError if ``name``, the value of ``option``, is no name."""
    if not re.match(NAME_PATTERN, name):
        raise OperatorError(f"{option} is {name!r}: write 1 to 40 of a-z, 0-9 and '-'.")


def named_member(member: str) -> tuple[str, str]:
    """Return the platform and the id in ``PLATFORM:ID``; raises OperatorError if it is not of that form."""
    platform, colon, member_id = member.partition(":")
    if not (colon and member_id):
        raise OperatorError(f"{member!r} names no member: write the platform, a colon and the id: zulip:1234.")
    checked_name("the platform", platform)
    return platform, member_id


def a_day(written: str) -> date:
    """Return the day that is written as 2026-12-01; raises BadParameter, which names the option."""
    try:
        return date.fromisoformat(written)
    except ValueError as error:
        raise typer.BadParameter(f"{written!r} is no day: write it as 2026-12-01.") from error
