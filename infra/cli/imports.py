"""`warmline import`: history from a platform's export, one command for each format."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from infra.cli.email_key import email_key
from infra.cli.failure import failures_in_words
from infra.cli.import_options import Community, Export, KeyFile, Since, Source
from infra.cli.import_run import checked_site, import_export
from infra.cli.options import DEFAULT_DATA, Data, checked_name
from infra.importing.archive import is_single_file
from infra.importing.discord import DiscordExport
from infra.importing.discourse import DiscoursePosts
from infra.importing.github import GitHubArchive
from infra.importing.irc import IrcLogs
from infra.importing.mbox import MboxArchive
from infra.importing.slack import SlackExport
from infra.importing.table import Table
from infra.importing.zulip import ZulipArchive
from infra.mapping_file import read_mapping
from infra.operator_error import OperatorError
from services.ingest.platforms.reading import HookSettings
from shared.contracts.names import Audience

import_app = typer.Typer(
    name="import",
    help="History from a platform's export. Importing twice is harmless: what is there is not taken again.\n\n"
    "An import can be stopped at any time; the same command goes on where it ended.",
    no_args_is_help=True,
)


@import_app.command("csv")
def table(
    path: Export,
    community: Community,
    platform: Annotated[str, typer.Option(help="The platform that the events are of, in a word, such as forum.")],
    mapping: Annotated[
        Path, typer.Option(dir_okay=False, help="A YAML file that says what a row means; see docs/imports.md.")
    ],
    source: Source = "archive",
    delimiter: Annotated[str, typer.Option(help="What stands between two cells.")] = ",",
    key_file: KeyFile = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import tables: CSV files whose rows a mapping turns into member events. No e-mail address is kept."""
    with failures_in_words():
        checked_name("--platform", platform)
        if len(delimiter) != 1:
            raise OperatorError(f"--delimiter is {delimiter!r}: write one character.")
        export = Table(
            platform=platform,
            rules=read_mapping(mapping),
            key=email_key(key_file, data, os.environ),
            delimiter=delimiter,
        )
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def discord(
    path: Export,
    community: Community,
    source: Source = "archive",
    public: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHANNEL",
            help="The id of a channel or a category that all members of the server can read; may be given several "
            "times. '*' stands for all.",
        ),
    ] = None,
    private: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL", help="The id of a channel to take although not all members can read it."),
    ] = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import channels as DiscordChatExporter writes them with --format Json. Direct messages are never taken."""
    with failures_in_words():
        if not public and not private:
            raise OperatorError(
                "The files do not say who can read their channels: give --public with the ids of those that all "
                "members can read ('*': all of the export), and --private with those of others to take."
            )
        settings = HookSettings(public=tuple(public or ()), private=tuple(private or ()))
        export = DiscordExport(settings=settings)
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def discourse(
    path: Export,
    community: Community,
    source: Source = "archive",
    site: Annotated[
        str | None, typer.Option(help="The forum's address, for links to posts: https://forum.example.org")
    ] = None,
    public: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CATEGORY",
            help="The number of a category that everybody can read; may be given several times. '*' stands for all, "
            "for posts that were fetched without logging in.",
        ),
    ] = None,
    private: Annotated[
        list[str] | None,
        typer.Option(metavar="CATEGORY", help="The number of a category to take although not everybody can read it."),
    ] = None,
    key_file: KeyFile = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import posts of a forum as its API gives them, and its export of users. Direct messages are never taken."""
    with failures_in_words():
        if not public and not private:
            raise OperatorError(
                "Posts do not say who can read them: give --public '*' if they were fetched without logging in, else "
                "--public and --private with the numbers of categories."
            )
        settings = HookSettings(
            site=checked_site(site, "https://forum.example.org"),
            public=tuple(public or ()),
            private=tuple(private or ()),
        )
        export = DiscoursePosts(key=email_key(key_file, data, os.environ), settings=settings)
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def github(
    path: Export,
    community: Community,
    repository: Annotated[
        list[str],
        typer.Option(
            metavar="OWNER/NAME", help="A repository to take; may be given several times. acme/* takes all of acme's."
        ),
    ],
    source: Source = "archive",
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import what happened in repositories from the files of GH Archive (gharchive.org)."""
    with failures_in_words():
        for name in repository:
            if not re.fullmatch(r"[\w.-]+/([\w.-]+|\*)", name):
                raise OperatorError(f"--repository is {name!r}: write acme/desk, or acme/* for all of acme's.")
        export = GitHubArchive(repositories=frozenset(repository))
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def irc(
    path: Export,
    community: Community,
    source: Source = "archive",
    public: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CHANNEL",
            help="A channel that everybody can join, such as '#help'; may be given several times. '*' stands for all.",
        ),
    ] = None,
    private: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL", help="A channel to take although not everybody can join it."),
    ] = None,
    channel: Annotated[
        str | None, typer.Option(help="The channel, such as #help, of a single log whose path names none.")
    ] = None,
    no_private_talks: Annotated[
        bool,
        typer.Option(
            "--no-private-talks",
            help="With --channel: in this folder or archive no log is a private talk. Those whose path names no "
            "channel are of that one.",
        ),
    ] = False,
    timezone: Annotated[str, typer.Option(help="Where the log's clock stands, such as Europe/Berlin.")] = "UTC",
    bot: Annotated[
        list[str] | None, typer.Option(metavar="NICK", help="Who is a bot; may be given several times.")
    ] = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import logs of channels, as irssi, WeeChat, ZNC and others write them. Private talks are never taken."""
    with failures_in_words():
        if not public and not private:
            raise OperatorError(
                "The logs do not say who can read their channels: give --public with those that everybody can join "
                "('*': all of them), and --private with others to take."
            )
        if channel is not None and not no_private_talks and not is_single_file(path):
            raise OperatorError(
                "--channel is for a single log: in a folder or an archive, files that name no channel may be private "
                "talks. Give the file itself, or put those of a channel in a folder of its name, such as '#help'. "
                "Where you know that none is a private talk, add --no-private-talks."
            )
        export = IrcLogs(
            public=frozenset(name.lower() for name in public or ()),
            private=frozenset(name.lower() for name in private or ()),
            channel=channel,
            zone=_zone(timezone),
            bots=frozenset(bot or ()),
        )
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def mbox(
    path: Export,
    community: Community,
    source: Source = "archive",
    audience: Annotated[Audience, typer.Option(help="Who can read the list and its archive.")] = "members",
    key_file: KeyFile = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import a mailing list's archive, as Mailman and others keep it. No address is kept."""
    with failures_in_words():
        export = MboxArchive(key=email_key(key_file, data, os.environ), audience=audience)
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def slack(
    path: Export,
    community: Community,
    source: Source = "archive",
    site: Annotated[
        str | None, typer.Option(help="The workspace's address, for links to messages: https://acme.slack.com")
    ] = None,
    private: Annotated[
        list[str] | None,
        typer.Option(metavar="CHANNEL", help="A private channel to take as well; may be given several times."),
    ] = None,
    key_file: KeyFile = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import a workspace's export as Slack makes it. Direct messages are never taken."""
    with failures_in_words():
        export = SlackExport(
            key=email_key(key_file, data, os.environ),
            site=checked_site(site, "https://acme.slack.com"),
            private=frozenset(private or ()),
        )
        import_export(path, export, community=community, source=source, since=since, data=data)


@import_app.command()
def zulip(
    path: Export,
    community: Community,
    source: Source = "archive",
    site: Annotated[
        str | None, typer.Option(help="That Zulip's address, for links to messages: https://acme.zulipchat.com")
    ] = None,
    bot: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Who is a bot, beside Zulip's own; may be given several times."),
    ] = None,
    since: Since = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Import an archive made by zulip-archive: a folder for each stream, in it a JSON file for each topic."""
    with failures_in_words():
        export = ZulipArchive(site=checked_site(site, "https://acme.zulipchat.com"), bots=frozenset(bot or ()))
        import_export(path, export, community=community, source=source, since=since, data=data)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):
        raise OperatorError(f"--timezone is {name!r}: write a region and a city such as Europe/Berlin.") from None
