"""`warmline tone`: whose texts are not read for their tone."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data, checked_name, named_member
from infra.ingest_client import ingest_client
from infra.running_system import RunningSystem, running_system

tone_app = typer.Typer(
    name="tone",
    help="The reading of tone: who has opted out of it. The care policy turns it on.",
    no_args_is_help=True,
)
Member = Annotated[
    str, typer.Argument(metavar="PLATFORM:ID", help="The member, such as `zulip:1234`: the id that events name.")
]
Community = Annotated[str, typer.Option("--community", help="The community that the member is in.")]


@tone_app.command("opt-out")
def opt_out(member: Member, community: Community, data: Data = DEFAULT_DATA) -> None:
    """Read nothing more that a member writes, from their next message on."""
    _say(member, community, opted_out=True, data=data)


@tone_app.command("opt-in")
def opt_in(member: Member, community: Community, data: Data = DEFAULT_DATA) -> None:
    """Take an opt-out back: what the member writes is read again."""
    _say(member, community, opted_out=False, data=data)


def _say(member: str, community: str, *, opted_out: bool, data: Path) -> None:
    with failures_in_words():
        checked_name("--community", community)
        platform, member_id = named_member(member)
        asyncio.run(_tell(running_system(data, os.environ), community, platform, member_id, opted_out=opted_out))
        what = "is not read for its tone any more" if opted_out else "is read for its tone again"
        Console(soft_wrap=True, highlight=False).print(
            f"What {member} writes in {community} {what}, from their next message on.", markup=False
        )


async def _tell(system: RunningSystem, community: str, platform: str, member: str, *, opted_out: bool) -> None:
    async with ingest_client(system.ingest_url, system.token, patience=20) as ingest:
        await ingest.opt_out_of_tone(community=community, platform=platform, member=member, opted_out=opted_out)
