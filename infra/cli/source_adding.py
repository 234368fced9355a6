"""What `warmline source add` was told, completed by questions, as a source to add."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import typer

from infra.cli.options import checked_name
from infra.mapping_file import read_mapping
from infra.operator_error import OperatorError
from infra.source_setup import SETUPS, Setup
from services.ingest.platforms.polled import PollSettings
from services.ingest.platforms.reading import HookSettings
from services.ingest.refusal import field_problem
from services.ingest.source_forms import HookWanted, PollWanted, SourceWanted

BY_TOKEN: Final = "cloudevents"  # noqa: S105 -- the name of a way


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options of the command."""

    platform: str | None
    name: str | None
    community: str | None
    format: str | None
    site: str | None
    public: tuple[str, ...]
    private: tuple[str, ...]
    mapping: Path | None
    member_field: str | None
    score_field: str | None
    comment_field: str | None
    since: datetime | None
    every: int | None
    secret: str | None = field(repr=False)


def wanted_source(given: Given, *, ask: bool) -> SourceWanted:
    """Return the source to add, asking for what is missing if ``ask``; raises OperatorError."""
    asker = _Asker(ask)
    known = ", ".join(sorted(name for name, setup in SETUPS.items() if not setup.needs_mapping))
    platform = asker.name("--platform", given.platform, f"Which platform ({known}, or another)")
    name = asker.name("--name", given.name, "Which workspace, forum or repository, in a word")
    community = asker.name("--community", given.community, "The community that lives there")
    form = given.format or (platform if platform in SETUPS else BY_TOKEN)
    if form == BY_TOKEN:
        return SourceWanted(community=community, platform=platform, name=name)
    if form not in SETUPS:
        raise OperatorError(f"--format is {form!r}: there are {', '.join(sorted(SETUPS))} and {BY_TOKEN}.")
    if SETUPS[form].polled:
        return SourceWanted(community=community, platform=platform, name=name, poll=_poll(given, form, asker))
    if given.since is not None or given.every is not None:
        raise OperatorError("--since and --every are for platforms that are polled: leave them out.")
    settings = _settings(given, SETUPS[form], asker)
    secret = _secret(given, SETUPS[form], asker, path=f"/v1/hooks/{community}/{platform}/{name}")
    hook = HookWanted(format=form, secret=secret, settings=settings)
    return SourceWanted(community=community, platform=platform, name=name, hook=hook)


def _poll(given: Given, form: str, asker: _Asker) -> PollWanted:
    for option in ("site", "public", "mapping", "member_field", "score_field", "comment_field"):
        if getattr(given, option):
            raise OperatorError(f"--{option.replace('_', '-')} is not for platforms that are polled: leave it out.")
    told = SETUPS[form].told or ""
    secret = given.secret or asker.text("--secret-file", told[0].upper() + told[1:], hidden=True)
    settings = PollSettings(since=given.since, every=given.every, private=given.private)
    return PollWanted(format=form, secret=secret, settings=settings)


def _secret(given: Given, setup: Setup, asker: _Asker, *, path: str) -> str | None:
    if given.secret is not None or setup.told is None:
        return given.secret
    asker.say(f"If it asks for the address first: where it reaches this Warmline, and then {path}")
    return asker.text("--secret-file", setup.told[0].upper() + setup.told[1:], hidden=True)


def _settings(given: Given, setup: Setup, asker: _Asker) -> HookSettings:
    site, public = given.site, given.public
    if setup.site is not None and site is None:
        site = asker.maybe(f"{setup.site[0].upper()}{setup.site[1:]}, for links to messages (may be left empty)")
    if setup.public is not None and not (public or given.private):
        public = tuple(asker.text("--public", f"{setup.public[0].upper()}{setup.public[1:]}").replace(",", " ").split())
    mapping = read_mapping(given.mapping) if given.mapping is not None else ()
    if setup.needs_mapping and not mapping:
        raise OperatorError("--mapping is missing: give the file that says how the JSON is read.")
    settings = {"site": site, "public": public, "private": given.private, "mapping": mapping}
    for name in ("member_field", "score_field", "comment_field"):
        if (value := getattr(given, name)) is not None:
            if not setup.survey:
                raise OperatorError(f"--{name.replace('_', '-')} is for surveys only: leave it out.")
            settings[name] = value
    try:
        return msgspec.convert(settings, HookSettings, from_attributes=True)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise OperatorError(f"--{problem.field.replace('_', '-')} {problem.reason}.") from None


class _Asker:
    def __init__(self, ask: bool) -> None:  # noqa: FBT001 -- its only matter
        self._ask = ask

    def text(self, option: str, question: str, *, hidden: bool = False) -> str:
        if not self._ask:
            raise OperatorError(f"{option} is missing: {question[0].lower()}{question[1:]}.")
        return str(typer.prompt(question, hide_input=hidden)).strip()

    def say(self, what: str) -> None:
        if self._ask:
            typer.echo(what)

    def maybe(self, question: str) -> str | None:
        return str(typer.prompt(question, default="", show_default=False)).strip() or None if self._ask else None

    def name(self, option: str, given: str | None, question: str) -> str:
        name = given if given is not None else self.text(option, question)
        checked_name(option, name)
        return name
