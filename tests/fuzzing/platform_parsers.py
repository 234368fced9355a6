"""The parsers of what platforms send, or export: whatever stands there, what they find can be sent."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from io import BufferedReader, BytesIO, RawIOBase
from typing import Final, cast

from msgspec.structs import replace

from infra.importing.archive import ArchiveFile
from infra.importing.discord import DiscordExport
from infra.importing.discourse import DiscoursePosts
from infra.importing.github import GitHubArchive
from infra.importing.irc import IrcLogs
from infra.importing.mbox import MboxArchive
from infra.importing.reading import ExportFormat, Skipped
from infra.importing.slack import SlackExport
from infra.importing.table import Table
from infra.importing.zulip import ZulipArchive
from infra.operator_error import OperatorError
from infra.outgoing_event import OutgoingEvent, encode_event
from services.ingest.community_map import Community, CommunityMap
from services.ingest.envelope import STRUCTURED, read_envelope
from services.ingest.hook_formats import FORMATS
from services.ingest.platforms.connection import Hear, Told
from services.ingest.platforms.facts import Fact
from services.ingest.platforms.polled import Answer, Answered, Ask, Found, PollSettings, ReadSoFar, Refused
from services.ingest.platforms.reading import Delivery, EventRule, HookSettings, NotUnderstoodError, Partly
from services.ingest.platforms.told_address import keyed
from services.ingest.polling.formats import POLLED
from services.ingest.principal import Administrator, SourcePrincipal
from services.ingest.refusal import Refusal
from services.ingest.validation import validate, validate_fact

NOW: Final = datetime(2026, 11, 22, tzinfo=UTC)
KNOWN: Final = CommunityMap(
    communities={"acme": Community(name="acme", organisation="harbour", announced=True)}, accepting=None
)
SOURCE: Final = SourcePrincipal(community="acme", platform="discord", name="guild")
_HOOK_SETTINGS: Final = HookSettings(
    site="https://acme.example",
    public=("*",),
    private=("whispers",),
    mapping=(
        EventRule(
            kind="posted",
            when="kind != 'score'",
            each="items",
            time="at",
            fields={"member": {"id": "who"}, "conversation": "where", "message": "id", "text": "said"},
        ),
        EventRule(kind="surveyed", fields={"member": {"id": "who"}, "survey": "id", "score": "score"}),
    ),
)
_LEFT_TO_VALIDATION: Final = ("bad-time", "bad-data", "nul-character", "too-large")
_ROWS: Final = (
    EventRule(
        kind="posted",
        time="at",
        fields={"member": {"id": "who"}, "conversation": "where", "message": "id", "text": "text"},
    ),
)


def _export(export: ExportFormat) -> Callable[[bytes], object]:
    """A file of an export: its path in the first line, then its content; it is its own index, too."""

    def run(data: bytes) -> None:
        path, _, body = data.partition(b"\n")
        file = ArchiveFile(
            path=path.decode("utf-8", "backslashreplace"),
            size=len(body),
            packed=lambda: BytesIO(body),
            unpacked=lambda stream: BufferedReader(cast("RawIOBase", stream)),
        )
        try:
            pieces = export.reader(dict.fromkeys(export.index, body))(file)
        except OperatorError:
            return
        for piece in pieces:
            for each in (piece,) if isinstance(piece, Skipped) else piece.read():
                if isinstance(each, Skipped):
                    each.why.encode()
                else:
                    _sent(each.fact, export.platform)

    return run


def _sent(fact: Fact, platform: str) -> None:
    """What an import sends is an event at least, whatever is wrong with it."""
    data = replace(fact.data, community="acme", platform=platform)
    try:
        sent = encode_event(OutgoingEvent(id=fact.id, source=f"/{platform}/acme", time=fact.time, data=data))
    except UnicodeEncodeError:  # the import skips it
        return
    [raw] = read_envelope([(b"content-type", STRUCTURED.encode())], sent).events
    assert not isinstance(raw, Refusal), raw
    fate = validate(raw, Administrator(), KNOWN, NOW, None)
    assert not isinstance(fate, Refusal) or fate.code != "not-an-object"


def _webhook(data: bytes) -> None:
    """A verified webhook: its format and the headers in the first line, then the body."""
    head, _, body = data.partition(b"\n")
    name, *pairs = head.decode("latin-1").split("|")
    headers = dict(pair.split("=", 1) for pair in pairs if "=" in pair)
    known = FORMATS.get(name)
    for form in FORMATS.values() if known is None else (known,):
        try:
            reading = form.read(Delivery(headers=headers, body=body, arrived=NOW), _HOOK_SETTINGS)
        except NotUnderstoodError as error:
            str(error).encode()
            continue
        facts = reading.facts if isinstance(reading, Partly) else reading
        for fact in facts if isinstance(facts, tuple) else ():
            fate = validate_fact(keyed(fact, "secret"), SOURCE, KNOWN, NOW, None)
            assert not isinstance(fate, Refusal) or fate.code in _LEFT_TO_VALIDATION, fate


def _polled(data: bytes) -> None:
    """Answers of a platform, each in a line of its own, silence in an empty one; the first names the format."""
    name, *answers = data.split(b"\n")
    known = POLLED.get(name.decode("latin-1"))
    for form in POLLED.values() if known is None else (known,):
        for settings in (
            PollSettings(),
            PollSettings(site="https://discord.com/channels/1", private=("1",), public=("*",)),
        ):
            reading = form.read(settings, ReadSoFar(first=NOW - timedelta(days=9_000)), NOW)
            sent: Answer = None
            for number in range(200):
                try:
                    step = reading.send(sent)
                except StopIteration:
                    break
                sent = None
                if isinstance(step, Hear) and answers and (heard := answers[number % len(answers)]):
                    sent = Told(body=heard, at=NOW)
                elif isinstance(step, Ask):
                    sent = Answered(body=answers[number % len(answers)]) if answers else Refused(status=404)
                elif isinstance(step, Found):
                    for fact in step.facts:
                        fate = validate_fact(keyed(fact, "secret"), SOURCE, KNOWN, NOW, None)
                        assert not isinstance(fate, Refusal) or fate.code in _LEFT_TO_VALIDATION, fate


PLATFORM_PARSERS: Final[Mapping[str, Callable[[bytes], object]]] = {
    "discord_export": _export(DiscordExport(settings=HookSettings(public=("*",)))),
    "discourse_posts": _export(DiscoursePosts(key="secret", settings=HookSettings(public=("*",)))),
    "table": _export(Table(platform="forum", rules=_ROWS, key="secret")),
    "github_archive": _export(GitHubArchive(repositories=frozenset(("acme/*",)))),
    "irc": _export(IrcLogs(public=frozenset(("*",)), channel="#help")),
    "mbox": _export(MboxArchive(key="secret")),
    "slack": _export(SlackExport(key="secret", private=frozenset(("secret",)))),
    "zulip": _export(ZulipArchive(site="https://zulip.example")),
    "webhook": _webhook,
    "polled": _polled,
}
