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
from services.ingest.polling.formats import POLLED
from services.ingest.refusal import field_problem
from services.ingest.source_forms import HookWanted, PollWanted, SourceWanted

BY_TOKEN: Final = "cloudevents"  # noqa: S105 -- the name of a way


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """The options of the command."""

    platform: str | None = None
    name: str | None = None
    community: str | None = None
    format: str | None = None
    site: str | None = None
    public: tuple[str, ...] = ()
    private: tuple[str, ...] = ()
    mapping: Path | None = None
    member_field: str | None = None
    score_field: str | None = None
    comment_field: str | None = None
    since: datetime | None = None
    every: int | None = None
    secret: str | None = field(default=None, repr=False)


def wanted_source(given: Given, *, ask: bool) -> SourceWanted:
    """Return the source to add, asking for what is missing if ``ask``; raises OperatorError."""
    asker = Asker(ask=ask)
    others = {setup.gaps for setup in SETUPS.values()}
    known = ", ".join(sorted(name for name, setup in SETUPS.items() if not setup.needs_mapping and name not in others))
    platform = asker.name("--platform", given.platform, f"Which platform ({known}, or another)")
    name = asker.name("--name", given.name, "Which workspace, forum or repository, in a word")
    community = asker.name("--community", given.community, "The community that lives there")
    form = given.format or (SETUPS[platform].usual or platform if platform in SETUPS else BY_TOKEN)
    if form == BY_TOKEN:
        return SourceWanted(community=community, platform=platform, name=name)
    if form not in SETUPS:
        raise OperatorError(f"--format is {form!r}: there are {', '.join(sorted(SETUPS))} and {BY_TOKEN}.")
    if SETUPS[form].polled:
        return SourceWanted(community=community, platform=platform, name=name, poll=wanted_poll(given, form, asker))
    if given.since is not None or given.every is not None:
        raise OperatorError("--since and --every are for platforms that are polled: leave them out.")
    settings = _settings(given, SETUPS[form], asker)
    secret = _secret(given, SETUPS[form], asker, path=f"/v1/hooks/{community}/{platform}/{name}")
    hook = HookWanted(format=form, secret=secret, settings=settings)
    return SourceWanted(community=community, platform=platform, name=name, hook=hook)


def wanted_poll(given: Given, form: str, asker: Asker, *, hook: str | None = None) -> PollWanted:
    """Return how a platform is to be polled; raises OperatorError.

    What its ``hook`` was told, the format of a webhook that the source has already, is not asked for again.
    """
    setup, told = SETUPS[form], Setup(steps=()) if hook is None else SETUPS[hook]
    for option in ("mapping", "member_field", "score_field", "comment_field"):
        if getattr(given, option):
            raise OperatorError(f"--{option.replace('_', '-')} is not for platforms that are polled: leave it out.")
    site, public = given.site, given.public
    if setup.public is None and public:
        raise OperatorError(f"--public is not for {form}, which tells itself what everybody can read: leave it out.")
    if setup.public is not None and not (public or given.private) and told.public is None:
        public = asker.places(setup.public)
    if setup.site is None and site is not None:
        raise OperatorError(f"--site is not for {form}, which is at one address for all: leave it out.")
    if setup.site is not None and site is None and told.site is None:
        site = asker.text("--site", _capital(setup.site))
    secret = polled_secret(form, given.secret, asker)
    wanted = {"since": given.since, "every": given.every, "private": given.private, "public": public, "site": site}
    try:
        settings = msgspec.convert(wanted, PollSettings)
    except msgspec.ValidationError as error:
        problem = field_problem(error, "")
        raise OperatorError(f"--{problem.field} {problem.reason}.") from None
    return PollWanted(format=form, secret=secret, settings=settings)


def polled_secret(form: str, given: str | None, asker: Asker) -> str | dict[str, str]:
    """Return what the platform gave: the text of a file, or what is answered; raises OperatorError.

    Where it gave several, each stands in a line of its own, ``name=value``.
    """
    setup, optional = SETUPS[form], POLLED[form].credential.optional
    if not setup.secrets:
        return {} if setup.told is None else given or asker.text("--secret-file", _capital(setup.told), hidden=True)
    if given is None:
        asked = {
            name: asker.text("--secret-file", _capital(told), hidden=True, optional=name in optional)
            for name, told in setup.secrets.items()
        }
        return {name: value for name, value in asked.items() if value}
    lines = [line.strip() for line in given.splitlines() if line.strip()]
    if not all("=" in line for line in lines):
        named = ", ".join(f"{name}=…" for name in setup.secrets)
        raise OperatorError(f"--secret-file: write each secret in a line of its own, by its name: {named}.")
    return {name.strip(): value.strip() for name, _, value in (line.partition("=") for line in lines)}


def _capital(told: str) -> str:
    return told[:1].upper() + told[1:]


def _secret(given: Given, setup: Setup, asker: Asker, *, path: str) -> str | None:
    if given.secret is not None or setup.told is None:
        return given.secret
    asker.say(f"If it asks for the address first: where it reaches this Warmline, and then {path}")
    return asker.text("--secret-file", _capital(setup.told), hidden=True)


def _settings(given: Given, setup: Setup, asker: Asker) -> HookSettings:
    site, public = given.site, given.public
    if setup.site is not None and site is None:
        site = asker.maybe(f"{_capital(setup.site)}, for links to messages (may be left empty)")
    if setup.public is not None and not (public or given.private):
        public = asker.places(setup.public)
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


class Asker:
    """Asks for what was not given, if somebody is there."""

    def __init__(self, *, ask: bool) -> None:
        self._ask = ask

    def text(self, option: str, question: str, *, hidden: bool = False, optional: bool = False) -> str:
        """Return the answer, which is empty only if ``optional``; raises OperatorError where nobody can give one."""
        if not self._ask:
            raise OperatorError(f"{option} is missing: {question[0].lower()}{question[1:]}.")
        default = "" if optional else None
        return str(typer.prompt(question, default, hide_input=hidden, show_default=False)).strip()

    def places(self, told: str) -> tuple[str, ...]:
        """Return the places that everybody can read; raises OperatorError where nobody can say."""
        return tuple(self.text("--public", _capital(told)).replace(",", " ").split())

    def say(self, what: str) -> None:
        """Tell whoever is there."""
        if self._ask:
            typer.echo(what)

    def maybe(self, question: str) -> str | None:
        """Return the answer, None for none."""
        return str(typer.prompt(question, default="", show_default=False)).strip() or None if self._ask else None

    def name(self, option: str, given: str | None, question: str) -> str:
        """Return a name that was given or is asked for; raises OperatorError."""
        name = given if given is not None else self.text(option, question)
        checked_name(option, name)
        return name
