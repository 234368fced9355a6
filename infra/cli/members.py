"""`warmline member`: what the team tells of members, and which identities are one person."""

from __future__ import annotations

import os
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from infra.cli.failure import failures_in_words
from infra.cli.member_care import ask, care, contact_again, leave_alone, note, promise, tag, tone, untag
from infra.cli.member_telling import As, Community, One, checked_text, tell
from infra.cli.options import DEFAULT_DATA, Data, checked_name, named_member
from infra.cli.plain_text import plain
from infra.desk_client import DeskClient
from infra.running_system import running_desk

member_app = typer.Typer(
    name="member",
    help="What the team knows of members, told by hand as at the desk, and which identities are one person.",
    no_args_is_help=True,
)
Other = Annotated[str, typer.Argument(metavar="PLATFORM:ID", help="Who that member is elsewhere.")]
Why = Annotated[str, typer.Option("--why", help="How one knows: whoever doubts it later reads that.")]


class _End(msgspec.Struct):
    name: str
    platform: str
    platform_id: str


class _Pair(msgspec.Struct):
    member: _End
    other: _End
    evidence: str


for command in (ask, care, note, tag, untag, promise, leave_alone, contact_again, tone):
    member_app.command()(command)


@member_app.command()
def link(one: One, other: Other, community: Community, responder: As, why: Why, data: Data = DEFAULT_DATA) -> None:
    """Say that two identities are one person: they get one touch and one story. It can be taken back."""
    with failures_in_words():
        named_member(other)
        done = f"{one} and {other} are one person from now on."
        tell("links", one, community, responder, {"other": other, "why": checked_text("--why", why)}, data, done)


@member_app.command()
def unlink(one: One, other: Other, community: Community, responder: As, why: Why, data: Data = DEFAULT_DATA) -> None:
    """Say that two identities are two people: a link is taken back, and a suggestion is not made again."""
    with failures_in_words():
        named_member(other)
        done = f"{one} and {other} are two people from now on."
        tell("unlinks", one, community, responder, {"other": other, "why": checked_text("--why", why)}, data, done)


@member_app.command()
def suggestions(community: Community, data: Data = DEFAULT_DATA) -> None:
    """List who may be one person by the policy's rules, with what tells so. Nobody is linked by it."""
    with failures_in_words():
        checked_name("--community", community)
        desk = DeskClient(running_desk(data, os.environ))
        pairs = desk.get("/suggestions", list[_Pair], community=community)
        console = Console(soft_wrap=True, highlight=False)
        if not pairs:
            console.print(f"Nothing tells that any two in {community} are one person, or all of it is decided.")
            return
        table = Table("One", "Other", "What tells so", box=None, pad_edge=False)
        for pair in pairs:
            table.add_row(_called(pair.member), _called(pair.other), plain(pair.evidence))
        console.print(table)
        console.print(
            f"\nDecide with: warmline member link|unlink ONE OTHER --community {community} --as RESPONDER --why WHY",
            markup=False,
        )


def _called(end: _End) -> str:
    return plain(f"{end.platform}:{end.platform_id} ({end.name})")
