"""What the commands on members have in common: who is meant, who says so, and how it is told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer
from rich.console import Console

from infra.cli.options import checked_name, named_member
from infra.desk_client import DeskClient, NotThereError
from infra.operator_error import OperatorError
from infra.running_system import running_desk
from shared.contracts.names import MOST_OF_NOTE, member_key

One = Annotated[str, typer.Argument(metavar="PLATFORM:ID", help="A member, such as `slack:U024BE7LH`.")]
Community = Annotated[str, typer.Option("--community", help="The community, as the policy names it.")]
As = Annotated[str, typer.Option("--as", metavar="RESPONDER", help="The responder who says so, as the policy has it.")]


class _Told(msgspec.Struct):
    shown: bool


def checked_text(what: str, text: str, most: int = MOST_OF_NOTE) -> str:
    """Return ``text``; raises OperatorError where it is empty or has more than ``most`` characters."""
    if not 0 < len(text) <= most:
        raise OperatorError(f"{what} has {len(text):,} characters: write at least one, and {most:,} at most.")
    return text


def tell(act: str, member: str, community: str, responder: str, said: Mapping[str, Any], data: Path, done: str) -> None:
    """Post to ``act`` of the member what ``responder`` has ``said``, and print ``done``; raises OperatorError."""
    checked_name("--community", community)
    checked_name("--as", responder)
    platform, member_id = named_member(member)
    key = member_key(community, platform, member_id)
    try:
        told = DeskClient(running_desk(data, os.environ)).post(
            f"/members/{key}/{act}", _Told, {"responder": responder, **said}
        )
    except NotThereError as error:
        if error.field is not None:
            raise
        raise OperatorError(
            f"Nobody is known in {community} as {member}: give the platform, a colon and the id by which events name "
            "them, such as slack:U024BE7LH."
        ) from error
    later = "" if told.shown else " The pages show it in a moment."
    Console(soft_wrap=True, highlight=False).print(f"{done}{later}", markup=False)
