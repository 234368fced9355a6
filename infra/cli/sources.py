"""`warmline source`: the places where the community lives, connected, tried and watched."""

from __future__ import annotations

import os
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console

from infra.cli.failure import failures_in_words
from infra.cli.options import DEFAULT_DATA, Data
from infra.cli.source_adding import Asker, Given, polled_secret, wanted_poll, wanted_source
from infra.cli.source_calls import on_source, run_on_ingest, try_hook
from infra.cli.source_display import say_added, say_polled, say_tried, show_sources
from infra.cli.source_polling import Round, poll_now
from infra.ingest_client import IngestClient
from infra.operator_error import OperatorError
from infra.running_system import running_system
from infra.source_setup import SETUPS
from services.ingest.source_forms import SecretAdded, SecretWanted, SignedSample, SourceAdded, SourceListed

source_app = typer.Typer(
    name="source",
    help="The places where the community lives: connect one, try whether it arrives, see what it brings.",
    no_args_is_help=True,
)
Platform = Annotated[str, typer.Argument(metavar="PLATFORM", help="Its platform, such as github.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]
Community = Annotated[str | None, typer.Option(help="Its community, where several have a source of that name.")]
Url = Annotated[
    str | None,
    typer.Option(
        "--url",
        envvar="WARMLINE_PUBLIC_URL",
        help="Where platforms reach this Warmline, such as https://warmline.example.org.",
    ),
]
SecretFile = Annotated[
    Path | None,
    typer.Option(
        exists=True,
        dir_okay=False,
        help=(
            "A file with the secret that the platform made, or several, each in a line name=value; or set "
            "WARMLINE_SOURCE_SECRET. Without, one is made."
        ),
    ),
]
_SECRET: Final = "WARMLINE_SOURCE_SECRET"  # noqa: S105 -- the variable's name


@source_app.command()
def add(
    platform: Annotated[str | None, typer.Option(help="What it is called here, such as github or forum.")] = None,
    name: Annotated[str | None, typer.Option(help="Which workspace, forum or repository, in a word.")] = None,
    community: Annotated[str | None, typer.Option(help="The community that lives there.")] = None,
    form: Annotated[
        str | None,
        typer.Option(
            "--format",
            help=f"How it sends, if not by its own platform's: {', '.join(sorted(SETUPS))}; or cloudevents.",
        ),
    ] = None,
    site: Annotated[str | None, typer.Option(help="The platform's address, with which links begin.")] = None,
    public: Annotated[
        list[str] | None, typer.Option(help="A place that everybody can read, where the platform does not tell; or *.")
    ] = None,
    private: Annotated[
        list[str] | None, typer.Option(help="A place that not everybody can read, and is to be taken all the same.")
    ] = None,
    mapping: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="How JSON of any shape is read (YAML).")
    ] = None,
    member_field: Annotated[
        str | None, typer.Option(help="Of a survey: the hidden field that holds the member's id.  [default: member]")
    ] = None,
    score_field: Annotated[
        str | None, typer.Option(help="Of a survey: the question of the score, from 0 to 10; else the first of them.")
    ] = None,
    comment_field: Annotated[
        str | None, typer.Option(help="Of a survey: the question of the comment; else the first long text.")
    ] = None,
    since: Annotated[
        datetime | None,
        typer.Option(help="Of a platform that is polled: from when on it is read, in UTC.  [default: from now on]"),
    ] = None,
    every: Annotated[
        int | None, typer.Option(min=1, max=86_400, help="Of a platform that is polled: seconds between two rounds.")
    ] = None,
    secret_file: SecretFile = None,
    url: Url = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Connect a source: prints what to do on the platform, and the address to paste there.

    What is not given is asked for, where somebody can answer.
    """
    with failures_in_words():
        given = Given(
            platform=platform,
            name=name,
            community=community,
            format=form,
            site=site,
            public=tuple(public or ()),
            private=tuple(private or ()),
            mapping=mapping,
            member_field=member_field,
            score_field=score_field,
            comment_field=comment_field,
            since=since.replace(tzinfo=UTC) if since else None,
            every=every,
            secret=_secret(secret_file),
        )
        wanted = wanted_source(given, ask=sys.stdin.isatty())

        async def added(ingest: IngestClient) -> SourceAdded:
            return await ingest.add_source(wanted)

        base = (url or running_system(data, os.environ).ingest_url).rstrip("/")
        way = wanted.hook or wanted.poll
        say_added(run_on_ingest(data, added), way.format if way else None, base, given_url=url is not None)


@source_app.command("list")
def list_sources(
    data: Data = DEFAULT_DATA, as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False
) -> None:
    """Show each source: when it was last heard, and what it brought that came to nothing."""
    with failures_in_words():
        rows = run_on_ingest(data, lambda ingest: ingest.sources())
    if as_json:
        sys.stdout.write(msgspec.json.encode(rows).decode() + "\n")
    elif not rows:
        Console(soft_wrap=True).print("There is no source yet. Connect one with: warmline source add")
    else:
        show_sources(rows)


@source_app.command("test")
def try_source(
    platform: Platform, name: Name, community: Community = None, url: Url = None, data: Data = DEFAULT_DATA
) -> None:
    """Send a signed sample along the way that the platform's requests take, and show what it would come to.

    A platform that is polled is asked at once, and what it answers is shown.
    """
    with failures_in_words():
        base = (url or running_system(data, os.environ).ingest_url).rstrip("/")

        async def trial(ingest: IngestClient, source: SourceListed) -> tuple[Round | None, SignedSample | None]:
            if source.format is None:
                raise OperatorError(
                    f"{source.source} sends with its token, which its sender alone has: have it send an event. "
                    "warmline source list shows when it was heard last."
                )
            made = None if source.polled is None else await poll_now(ingest, source)
            if made is not None and source.polled == source.format:
                return made, None
            return made, await ingest.change_source("GET", source, "/sample", SignedSample)

        made, request = on_source(data, platform, name, community, trial)
        if made is not None:
            say_polled(made)
        not_read = made is not None and not made.read
        if request is None:
            raise typer.Exit(not_read)
        tried = try_hook(base, request)
    kept = say_tried(f"{base}{request.path}", tried)
    raise typer.Exit(not_read or not kept)


@source_app.command()
def close_gaps(
    platform: Platform,
    name: Name,
    community: Community = None,
    site: Annotated[str | None, typer.Option(help="Where the platform is asked, if the webhook was not told.")] = None,
    since: Annotated[datetime | None, typer.Option(help="From when on, in UTC.  [default: from now on]")] = None,
    every: Annotated[int | None, typer.Option(min=1, max=86_400, help="Seconds between two rounds.")] = None,
    secret_file: SecretFile = None,
    data: Data = DEFAULT_DATA,
) -> None:
    """Ask the platform, too, for what its webhook did not bring: not every platform sends again what was lost.

    Given again, the new options hold. What comes by both ways is kept once.
    """
    with failures_in_words():
        secret = _secret(secret_file)

        async def asked(ingest: IngestClient, source: SourceListed) -> None:
            setup = SETUPS.get(source.format or "")
            if setup is None or setup.gaps is None:
                closed = ", ".join(sorted(name for name, each in SETUPS.items() if each.gaps))
                raise OperatorError(f"{source.source} cannot be asked, too: that goes for the webhooks of {closed}.")
            given = Given(
                platform=platform,
                name=name,
                community=source.community,
                site=site,
                since=since.replace(tzinfo=UTC) if since else None,
                every=every,
                secret=secret,
            )
            wanted = wanted_poll(given, setup.gaps, Asker(ask=sys.stdin.isatty()), hook=source.format)
            await ingest.change_source("PUT", source, "/poll", Any, json=wanted)

        on_source(data, platform, name, community, asked)
    typer.echo(f"/{platform}/{name} is asked, too. Then: warmline source test {platform} {name}")


@source_app.command()
def pause(platform: Platform, name: Name, community: Community = None, data: Data = DEFAULT_DATA) -> None:
    """Take nothing of a source for now. Whoever sends is answered 503, and asked to come again."""
    _change(data, platform, name, community, "POST", "/pause")
    typer.echo(f"/{platform}/{name} is paused. Go on with: warmline source resume {platform} {name}")


@source_app.command()
def resume(platform: Platform, name: Name, community: Community = None, data: Data = DEFAULT_DATA) -> None:
    """Go on with a source that was paused."""
    _change(data, platform, name, community, "POST", "/resume")
    typer.echo(f"The events of /{platform}/{name} are taken again.")


@source_app.command()
def remove(platform: Platform, name: Name, community: Community = None, data: Data = DEFAULT_DATA) -> None:
    """Disconnect a source: its token and its secret are worth nothing from now on. What it brought stays."""
    _change(data, platform, name, community, "DELETE", "")
    typer.echo(f"/{platform}/{name} is disconnected. Take its webhook off the platform, too.")


@source_app.command()
def rotate_secret(
    platform: Platform,
    name: Name,
    community: Community = None,
    secret_file: SecretFile = None,
    finish: Annotated[bool, typer.Option("--finish", help="Drop the earlier secret.")] = False,
    polled: Annotated[
        bool, typer.Option("--polled", help="The one by which the platform is asked, if it sends webhooks as well.")
    ] = False,
    data: Data = DEFAULT_DATA,
) -> None:
    """Give a source another secret. A webhook's earlier one holds, too, until you say --finish."""
    if finish:
        _change(data, platform, name, community, "DELETE", "/earlier-secret")
        typer.echo(f"Only the newest secret of /{platform}/{name} holds now.")
        return
    with failures_in_words():
        given = _secret(secret_file)

        async def rotated(ingest: IngestClient, source: SourceListed) -> str | None:
            wanted = SecretWanted(secret=given)
            if polled and source.polled is None:
                raise OperatorError(f"{source.source} is not polled: leave --polled out.")
            if source.polled is not None and (polled or source.polled == source.format):
                secret = polled_secret(source.polled, given, Asker(ask=False))
                wanted = SecretWanted(secret=secret, polled=True)
            new = await ingest.change_source("POST", source, "/secret", SecretAdded, json=wanted)
            return new.secret

        new = on_source(data, platform, name, community, rotated)
    if new is None:
        typer.echo(f"/{platform}/{name} is asked with the new secret from now on.")
        return
    if given is None:
        sys.stdout.write(new + "\n")
    Console(stderr=True, soft_wrap=True).print(
        "Both secrets hold. When the platform has the new one: "
        f"warmline source rotate-secret {platform} {name} --finish",
        markup=False,
    )


def _change(data: Path, platform: str, name: str, community: str | None, method: str, act: str) -> None:
    async def change(ingest: IngestClient, source: SourceListed) -> None:
        await ingest.change_source(method, source, act, Any, json={} if method == "POST" else None)

    with failures_in_words():
        on_source(data, platform, name, community, change)


def _secret(file: Path | None) -> str | None:
    given = file.read_text(encoding="utf-8").strip() if file is not None else os.environ.get(_SECRET, "").strip()
    if file is not None and not given:
        raise OperatorError(f"{file} is empty: write the secret to it.")
    return given or None
